/// What a name of a person may be: 1 to 64 characters (code points), none of them a control, a line break, or one that turns
/// the direction of writing, by which a name could look like another's.
public enum PersonName {
  /// Code points.
  public static let longest = 64

  /// Whether a name may stand in a profile or on a relay's card.
  public static func isFit(_ name: String) -> Bool {
    (1...longest).contains(name.unicodeScalars.count) && name.unicodeScalars.allSatisfy(isFit)
  }

  private static func isFit(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x061c, 0x200e, 0x200f, 0x202a...0x202e, 0x2066...0x2069: false  // Unicode 9 (UAX 9), Bidi_Control
    default: ![.control, .lineSeparator, .paragraphSeparator].contains(scalar.properties.generalCategory)
    }
  }
}
