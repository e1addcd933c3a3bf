internal import Bridge
internal import FoundationEssentials

/// One file of `transcripts/`: what comes to a node, what must go out, and what its feed then holds (article "Conformance").
struct Transcript: Decodable, Sendable {
  var why: String
  /// Contacts of the node before the first step.
  var friends: [String]?
  /// People who are there too, and no contacts.
  var strangers: [String]?
  var packets: [Written]?
  var steps: [Step]

  /// A packet that somebody writes. Its bytes are made when it first comes; its number is its place among those of its stream here.
  struct Written: Decodable, Sendable {
    var name: String
    var by: String
    /// `circle`, `open`, `private`, or `none` for a packet without a stream.
    var stream: String
    /// Of a direct stream: to whom, if not to the node.
    var to: String?
    /// The action's element, with `{{…}}` in place of what is known in the play alone.
    var action: String
    var fallback: String?
    /// The packet whose name and number it takes.
    var instead: String?

    private enum CodingKeys: String, CodingKey {
      case name, by, to, action, fallback, instead
      case stream = "in"
    }
  }

  /// Something happens, and something follows.
  struct Step: Decodable, Sendable {
    /// One parcel with these packets, embedded ones behind what embeds them.
    var comes: [String]?
    /// Who sends it.
    var from: String?
    /// Who sends a request, which proves an invitation if `proof` says so.
    var asks: String?
    var proof: Bool?
    /// Who says yes to the node's request.
    var answers: String?
    /// Who has another OpenPGP key from now on, and says so under the old one.
    var changes: String?
    /// Who takes their OpenPGP key back.
    var revokes: String?
    /// Who has another directory from now on, and says so.
    var moves: String?
    /// Who sends back the nonce of the `move-check` that came last.
    var proves: String?
    /// What the user wants.
    var wish: Wanted?
    /// All that goes out; nothing where it is missing, but for what a node may say at any time.
    var out: [Expected]?
    /// All that the feed then holds.
    var feed: [Shown]?
  }

  /// A wish as a transcript writes it: packets and people by their names in the play.
  struct Wanted: Decodable, Sendable {
    var `do`: PlayWish.Kind
    var text: String?
    var on: String?
    var who: String?
    var emoji: [String]?
    var circle: String?
    var seconds: Int64?
  }

  /// A packet that must go out.
  struct Expected: Decodable, Sendable {
    var action: String
    /// Everybody who gets it.
    var to: [String]
    var text: String?
    /// Its target.
    var about: String?
    /// What it embeds.
    var embeds: String?
    var emoji: [String]?
    /// Packets whose numbers it names.
    var numbers: [String]?
    /// The packet whose nonce it has.
    var nonce: String?
    /// The packet that it is, in the same bytes.
    var `is`: String?
    /// What the transcript calls it from now on.
    var `as`: String?
  }

  /// Something in the feed.
  struct Shown: Decodable, Sendable, Equatable {
    var `is`: String
    var by: String
    var kind: String
    var text: String
    /// What it hangs below.
    var under: String?
    var edited: Bool?
    /// Who reacted with what.
    var reactions: [String: [String]]?
  }

  static let folder = "transcripts"

  /// Names of all transcripts, in alphabetical order.
  static func names(in folder: VectorFolder) throws(OperationFailure) -> [String] {
    let directory = folder.directory.appending(path: Self.folder)
    guard let files = try? FileManager.default.contentsOfDirectory(atPath: directory.path) else {
      throw OperationFailure(
        .noInput, "there is no folder \(directory.path)", remedy: "name the folder of vectors by --vectors DIR")
    }
    return files.filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }.sorted()
  }

  static func read(_ name: String, in folder: VectorFolder) throws(OperationFailure) -> Transcript {
    try folder.read(Transcript.self, from: "\(Self.folder)/\(name).json")
  }
}
