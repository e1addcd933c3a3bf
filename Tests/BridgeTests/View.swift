import Account
import Feed
import Foundation
import Synchronization

@testable import Bridge

/// All that a user can read.
struct View: Equatable {
  var feed: [FeedItem]
  var conversations: [[FeedItem]]
  var contacts: [Contact]
  var requests: [PendingRequest]
  var profile: Myself

  init(of person: Person) async throws {
    feed = try await person.node.feed(limit: 1000, since: nil, words: nil)
    conversations = []
    for item in feed where item.root == nil {
      conversations.append(try await person.node.conversation(of: .beginning(item.id.text)).conversation)
    }
    contacts = try await person.node.contacts()
    requests = try await person.node.requests()
    profile = try await person.node.profile()
  }
}

extension View {
  /// Where two differ, for a test that says so.
  func difference(from other: View) -> String {
    func part(_ name: String, _ one: some Equatable, _ two: some Equatable) -> String {
      "\(one)" == "\(two)" ? "" : "\(name): \(one) AND \(two)\n"
    }
    return part("feed", feed, other.feed) + part("contacts", contacts, other.contacts)
      + part("requests", requests, other.requests) + part("profile", profile, other.profile)
  }
}

extension Person {
  /// Loses everything but the settings and the keys.
  func loseTheView() throws {
    for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: layout.database.path + suffix) }
    for folder in [\Layout.blobs, \.inpackets, \.outpackets, \.refused] {
      try FileManager.default.removeItem(at: layout[keyPath: folder])
    }
    seen.withLock { $0 = 0 }
  }

  /// Every packet and picture that is here, and from where, as the sqlite3 program tells: a user sees only some of it.
  func packets() throws -> [String] {
    let packets = "SELECT author, id, sha256, sender, signer, received, verdict, reason FROM packet"
    return try rows("\(packets) UNION ALL SELECT 'blob', sha256, '', '', '', size, '', type FROM blob ORDER BY 1, 2")
      + rows("SELECT sha256, previous FROM journal ORDER BY number") + rows("SELECT sha256 FROM part ORDER BY sha256")
  }

  /// What a rebuild shows, after everything else was lost.
  func rebuiltView() async throws -> View {
    try loseTheView()
    _ = try await node.rebuild(progress: .none)
    return try await View(of: self)
  }
}
