internal import Bridge
internal import Synchronization

/// One line at the bottom of a terminal that says how far long work has come; nothing where nobody watches.
final class ProgressLine: Sendable {
  private let console: Console
  private let monotonic: @Sendable () -> Double
  private let state = Mutex(State())

  private struct State {
    var what = ""
    var began = 0.0
    var drawn = -1.0
    var isShown = false
  }

  /// A line on this console; `monotonic` gives seconds since some moment.
  init(console: Console, monotonic: @escaping @Sendable () -> Double) {
    self.console = console
    self.monotonic = monotonic
  }

  /// What operations report to.
  var report: ProgressReport {
    ProgressReport { what, done, total in self.draw(what, done, total) }
  }

  /// Takes the line away.
  func end() {
    let isShown = state.withLock { state in
      defer { state.isShown = false }
      return state.isShown
    }
    if isShown { console.say("\r\u{1b}[K") }
  }

  private func draw(_ what: String, _ done: Int, _ total: Int?) {
    guard console.isWatched else { return }
    let now = monotonic()
    let line: String? = state.withLock { state in
      if state.what != what { (state.what, state.began, state.drawn) = (what, now, -1) }
      // Ten times a second is as fast as one can read.
      guard now - state.drawn >= 0.1 || done == total || state.drawn < 0 else { return nil }
      state.drawn = now
      state.isShown = true
      return Self.line(what, done, total, elapsed: now - state.began)
    }
    if let line { console.say("\r\u{1b}[K" + line) }
  }

  /// `Reading parcels: 120 of 1000, about 2 min left`. How long still is said once a tenth of it or three seconds have shown the pace.
  static func line(_ what: String, _ done: Int, _ total: Int?, elapsed: Double) -> String {
    guard let total, total > 0 else { return done > 0 ? "\(what): \(done)" : what }
    let line = "\(what): \(done) of \(total)"
    guard done > 0, done < total, elapsed >= 1, elapsed >= 3 || done * 10 >= total else { return line }
    let left = elapsed / Double(done) * Double(total - done)
    return line + ", about " + (left < 100 ? "\(Int(left.rounded(.up))) s" : "\(Int((left / 60).rounded(.up))) min") + " left"
  }
}
