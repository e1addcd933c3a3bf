// What is said to one person, and what changes or ends what was said.

extension Action {
  /// Words to one contact, for nobody else: never relayed, never shared.
  public struct Message: Hashable, Sendable, Codable {
    /// The words.
    public var text: String
    /// Pictures that belong to the words.
    public var pictures: [Picture]
    /// Words, with pictures or without.
    public init(text: String, pictures: [Picture] = []) {
      self.text = text
      self.pictures = pictures
    }
  }

  /// Puts other words, or other pictures, in place of those of something that its author wrote. `root` stands where the target was
  /// written to a root's author (an open stream).
  public struct Edit: Hashable, Sendable, Codable {
    /// Stands in an open stream only: the post that the target hangs on.
    public var root: Reference?
    /// What is changed.
    public var target: Reference
    /// Milliseconds since 1970 or more; the highest wins, for words and for pictures apart.
    public var revision: UInt64
    /// What stands there from now on.
    public var replacement: Replacement

    /// What takes the place of what was there.
    public enum Replacement: Hashable, Sendable, Codable {
      /// All words: a status's, a comment's, a message's, a photo's caption.
      case words(String)
      /// All pictures, at least one.
      case pictures([Picture])
    }

    /// Changes a target.
    public init(root: Reference?, target: Reference, revision: UInt64, replacement: Replacement) {
      self.root = root
      self.target = target
      self.revision = revision
      self.replacement = replacement
    }
  }
}
