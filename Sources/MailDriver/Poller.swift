internal import Synchronization

/// When the folders that nobody watches are looked into next.
final class Poller: Sendable {
  private struct State {
    var isTold = false
    var isStirred = false
    var rest: Task<Void, Never>?
  }

  private let state = Mutex(State())

  /// The server tells of news in these folders (RFC 5465). Whenever that begins or ends, something may have been missed.
  var isTold: Bool {
    get { state.withLock { $0.isTold } }
    set {
      let isNew = state.withLock { state in
        defer { state.isTold = newValue }
        return state.isTold != newValue
      }
      if isNew { stir() }
    }
  }

  /// Something has happened there, or will: look now.
  func stir() {
    state.withLock { state in
      state.isStirred = true
      state.rest?.cancel()
    }
  }

  /// Waits until it is time to look. Returns whether to go on at all.
  func rest(_ settings: MailSettings) async -> Bool {
    let pause = max(.seconds(settings.poll), isTold ? settings.longestWait : .zero)
    let rest = state.withLock { state in
      let rest = Task { _ = try? await settings.sleep(pause) }
      if state.isStirred { rest.cancel() }
      state.rest = rest
      return rest
    }
    await withTaskCancellationHandler {
      await rest.value
    } onCancel: {
      rest.cancel()
    }
    state.withLock { $0.isStirred = false }
    return !Task.isCancelled
  }
}
