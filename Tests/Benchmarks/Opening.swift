internal import Dispatch
internal import FoundationEssentials
internal import Synchronization

/// Decrypts and verifies parcels, one context a core: what no program that opens parcels by gpg can be faster than.
struct Opening: Encodable {
  /// What to open.
  struct Plan: Decodable {
    /// A GnuPG home whose agent runs.
    var home: String
    /// The sealed part of each parcel, one a file.
    var files: [String]
    /// How many at once.
    var contexts: Int
  }

  /// From the first to the last.
  let seconds: Double
  /// Seconds that each one took, sorted.
  let each: [Double]

  init(_ plan: Plan) throws {
    let next = Atomic(0)
    let found = Mutex<(each: [Double], failure: (any Error)?)>(([], nil))
    seconds = measured {
      DispatchQueue.concurrentPerform(iterations: plan.contexts) { _ in
        do {
          let gpg = try GPG(home: plan.home)
          var own: [Double] = []
          while true {
            let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
            guard index < plan.files.count else { break }
            let sealed = [UInt8](try Data(contentsOf: URL(filePath: plan.files[index])))
            own.append(try measured { try gpg.open(sealed) })
          }
          found.withLock { $0.each += own }
        } catch {
          found.withLock { $0.failure = error }
        }
      }
    }
    if let failure = found.withLock({ $0.failure }) { throw failure }
    each = found.withLock { $0.each.sorted() }
  }
}
