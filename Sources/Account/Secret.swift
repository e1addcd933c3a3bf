/// A value that does not show itself: printed, interpolated, dumped or logged, it is `•••`. The one way to it is ``reveal()``,
/// so that a search for that word finds every place where a secret is used.
public struct Secret<Value: Sendable>: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  private let value: Value

  /// Hides a value.
  public init(_ value: Value) { self.value = value }

  /// The value itself, to hand to whoever needs it and to nobody else.
  public func reveal() -> Value { value }

  /// `•••`.
  public var description: String { "•••" }

  /// `•••`.
  public var debugDescription: String { "•••" }

  /// Nothing: `dump` and mirrors see no field.
  public var customMirror: Mirror { Mirror(self, children: [:]) }
}
