// Spans of time as users write them: `20s`, `10m`, `2h`, `7d`.

extension Duration {
  /// Reads a whole number and its unit, `s`, `m`, `h` or `d`; `0` needs no unit. At most 10,000 days.
  public init?(text: some StringProtocol) {
    guard text != "0" else {
      self = .zero
      return
    }
    let factors: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
    guard let unit = text.last, let factor = factors[unit] else { return nil }
    let digits = text.dropLast()
    guard !digits.isEmpty, digits.utf8.count <= 9, digits.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
    guard let number = Int64(digits), number * factor <= 10_000 * 86_400 else { return nil }
    self = .seconds(number * factor)
  }

  /// Whole seconds with the largest unit that divides them.
  public var text: String {
    let seconds = wholeSeconds
    if seconds == 0 { return "0" }
    for (factor, unit): (Int64, String) in [(86_400, "d"), (3600, "h"), (60, "m")] where seconds % factor == 0 {
      return "\(seconds / factor)\(unit)"
    }
    return "\(seconds)s"
  }

  /// Seconds, without what is less than one.
  public var wholeSeconds: Int64 { components.seconds }
}
