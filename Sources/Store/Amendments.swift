internal import Feed
internal import FoundationEssentials
internal import GRDB
internal import Packets

/// Words and pictures in place of the first ones. They are kept apart from the feed, since they may come before what they change.
extension Ledger {
  /// The highest revision wins, ties go to the lower SHA-256 (Protocol, "Packet").
  func amend(_ amendment: Amendment) throws {
    let (part, content) =
      switch amendment.replacement {
      case .words(let text): ("text", text)
      case .pictures(let pictures): ("pictures", try JSON.text(pictures))
      }
    try db.execute(
      query: """
        INSERT INTO amendment (author, id, part, content, revision, sha256) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (author, id, part) DO UPDATE SET content = excluded.content, revision = excluded.revision,
          sha256 = excluded.sha256
        WHERE excluded.revision > revision OR (excluded.revision = revision AND excluded.sha256 < sha256)
        """,
      arguments: [
        amendment.target.author.text, amendment.target.id.text, part, content, Int64(clamping: amendment.revision),
        amendment.sha256.text,
      ])
    try amend(amendment.target)
  }

  /// Brings a row of the feed to what was said of it last.
  func amend(_ name: PacketName) throws {
    try db.execute(
      query: """
        UPDATE feed SET edited = 1,
          text = COALESCE((SELECT content FROM amendment WHERE author = ?1 AND id = ?2 AND part = 'text'), text),
          -- Those of a share are somebody else's.
          pictures = COALESCE((SELECT content FROM amendment WHERE author = ?1 AND id = ?2 AND part = 'pictures' AND feed.kind <> 'share'), pictures)
        WHERE author = ?1 AND id = ?2 AND EXISTS (SELECT 1 FROM amendment WHERE author = ?1 AND id = ?2)
        """, arguments: [name.author.text, name.id.text])
  }
}
