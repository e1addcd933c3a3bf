/// What came of one vector.
public struct Finding: Hashable, Sendable {
  /// Its name: the kind, and where it stands.
  public var name: String
  /// What it is there for.
  public var why: String
  /// How it went.
  public var result: Result

  /// How it went.
  public enum Result: Hashable, Sendable {
    /// All is as the vector says.
    case holds
    /// Something is not.
    case fails(String)
    /// It was not tried, since the node cannot do what it takes.
    case leftOut(String)
  }
}

extension Finding.Result {
  init(flaw: String?) { self = flaw.map { .fails($0) } ?? .holds }
}

/// What is not as a vector says, in the middle of trying it.
struct Flaw: Error, CustomStringConvertible {
  var said: String
  var description: String { said }
  init(_ said: String) { self.said = said }
}
