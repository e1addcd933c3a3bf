public import Packets

/// What a person reads whose mail program opens a parcel. Nodes never read it.
public enum ReadableText {
  /// The packets' words, in order, behind a line that says what this is.
  ///
  /// - Parameters:
  ///   - packets: as they are sealed.
  ///   - writerName: what the writer of the parcel is called.
  ///   - name: what another author is called.
  public static func text(_ packets: [Packet], writerName: String, name: (Author) -> String?) -> String {
    let sentences = packets.map { sentence($0, by: name($0.author) ?? writerName) }
    let foot =
      "This mail was made by SocialNet. A bridge at your side would show it in your feed and take it out of your mailbox."
    return (["\(writerName) writes:"] + sentences + ["--", foot]).joined(separator: "\n\n") + "\n"
  }

  private static func sentence(_ packet: Packet, by who: String) -> String {
    switch packet.action {
    case .status(let status): status.text
    case .message(let message): message.text
    case .comment(let comment): "\(who) commented: \(comment.text)"
    default: packet.fallback ?? Fallback.text(for: packet.action, authorName: who) ?? ""
    }
  }
}
