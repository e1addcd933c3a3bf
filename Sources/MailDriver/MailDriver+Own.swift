public import Drivers
public import FoundationEssentials
internal import MIME
internal import Mailbox
public import Packets

/// A parcel that lies in the bridge's own folder.
public struct LyingParcel: Hashable, Sendable {
  /// Its name in the folder.
  public var uid: UInt32
  /// INTERNALDATE.
  public var arrived: Instant
  /// Bytes.
  public var size: Int
  /// Whether it says of itself that it is a snapshot.
  public var isSnapshot: Bool
}

/// A parcel that was brought out of the own folder into a file.
public struct FetchedParcel: Sendable {
  /// Its name in the folder.
  public var uid: UInt32
  /// INTERNALDATE.
  public var arrived: Instant
  /// SHA-256 of the file.
  public var sha256: Hash
  /// Where it lies.
  public var file: URL
}

/// A mail of the own folder that says which machine is the bridge.
public struct LyingLease: Hashable, Sendable {
  /// Its name in the folder.
  public var uid: UInt32
  /// INTERNALDATE.
  public var arrived: Instant
  /// What stands in `SocialNet-Lease`: whoever reads it judges it.
  public var field: String
}

/// The own folder as a store: what lies in it, adding to it, and taking out of it. The caller sees to it that nothing is lost.
extension MailDriver {
  /// All parcels of the own folder that may be ours to open, in the order of their UIDs, and the folder's UIDVALIDITY.
  public func ownParcels() async throws(DriverFailure) -> (validity: UInt32, parcels: [LyingParcel]) {
    try await inOwnFolder { connection, folder throws(ConnectionFailure) in
      let validity = try await connection.examine(folder).uidValidity ?? 0
      let looks = try await connection.look(
        from: 1, in: folder, validity: validity, fields: Sorting.fields + ["SocialNet-Snapshot"])
      return (validity, looks.compactMap(self.parcel))
    }
  }

  private nonisolated func parcel(_ look: HeaderLook) -> LyingParcel? {
    guard let fields = look.fields, look.size <= settings.largestMail,
      case .candidate(.parcel, _, _) = sorting.judge(fields, in: .own)
    else { return nil }
    let isSnapshot = (try? Message(fields))?.headers.count(of: "SocialNet-Snapshot") == 1
    return LyingParcel(
      uid: look.uid, arrived: Instant(internalDate: look.arrived), size: look.size, isSnapshot: isSnapshot)
  }

  /// Brings parcels of the own folder into a directory, in the order of their UIDs. What is gone is missing.
  public func fetchOwn(
    _ uids: [UInt32], validity: UInt32, into directory: URL
  ) async throws(DriverFailure) -> [FetchedParcel] {
    let messages = MessageDirectory(directory.path, purpose: "own", limit: settings.largestMail)
    return try await inOwnFolder { connection, folder throws(ConnectionFailure) in
      try await connection.fetch(uids, in: folder, validity: validity, into: messages).compactMap { message in
        guard let sha256 = Hash(bytes: message.sha256) else { return nil }
        return FetchedParcel(
          uid: message.uid, arrived: Instant(internalDate: message.arrived), sha256: sha256,
          file: directory.appending(path: "\(sha256.text).eml"))
      }.sorted { $0.uid < $1.uid }
    }
  }

  /// Adds a mail to the own folder, marked read, and says where it came to lie.
  public func appendOwn(_ file: URL, size: Int, messageID: String) async throws(DriverFailure) -> (validity: UInt32, uid: UInt32)
  {
    let (status, folder) = try await inOwnFolder { connection, folder throws(ConnectionFailure) in
      (try await connection.append(file: file.path, size: size, to: folder, seen: true), folder)
    }
    guard status.condition == .ok else {
      if status.isOverQuota { throw .full(status.text) }
      throw .confused("\(settings.imap.server.address) takes nothing into \(settings.folder): \(status.text)")
    }
    if case .appendUID(let validity, let uid) = status.code {
      remember(arrivals: [uid], validity: validity)
      return (validity, uid)
    }
    // Without UIDPLUS: it is found by its name.
    return try await inOwnFolder { connection, _ throws(ConnectionFailure) in
      let validity = try await connection.examine(folder).uidValidity ?? 0
      let found = try await connection.search(.header("Message-ID", contains: messageID), in: folder, validity: validity)
      return (validity, found.last ?? 0)
    }
  }

  /// Deletes exactly these parcels of the own folder. False where the server cannot delete a single mail; nothing has changed then.
  public func remove(parcels uids: [UInt32], validity: UInt32) async throws(DriverFailure) -> Bool {
    try await removeOwn(uids, bearing: [Sorting.mark], validity)
  }

  /// Deletes exactly these leases.
  public func remove(leases uids: [UInt32], validity: UInt32) async throws(DriverFailure) -> Bool {
    try await removeOwn(uids, bearing: [Self.leaseField], validity)
  }

  private func removeOwn(_ uids: [UInt32], bearing fields: [String], _ validity: UInt32) async throws(DriverFailure) -> Bool {
    try await inOwnFolder { connection, folder throws(ConnectionFailure) in
      try await connection.remove(uids, bearing: fields, in: folder, validity: validity) != nil
    }
  }

  /// Whether single mails of the own folder can be deleted (RFC 4315).
  public func canRemove() async throws(DriverFailure) -> Bool {
    try await inOwnFolder { connection, _ throws(ConnectionFailure) in await connection.supports("UIDPLUS") }
  }

  /// All leases in the own folder, and its UIDVALIDITY. After the first time only what is new is looked at, and nothing where the folder
  /// has not changed since.
  public func leases() async throws(DriverFailure) -> (validity: UInt32, leases: [LyingLease]) {
    let marks = leaseMarks
    let found = try await inOwnFolder { connection, folder throws(ConnectionFailure) -> LeaseMarks? in
      if marks.covers(try await connection.status(of: [folder])[folder]) { return nil }
      let status = try await connection.examine(folder)
      let validity = status.uidValidity ?? 0
      var looks: [HeaderLook]
      if validity == marks.validity, marks.last > 0 {
        let known = marks.lying.map(\.uid)
        looks = try await connection.look(at: known, in: folder, validity: validity, fields: [Self.leaseField])
        looks += try await connection.look(from: marks.last + 1, in: folder, validity: validity, fields: [Self.leaseField])
      } else {
        let found = try await connection.search(.header(Self.leaseField, contains: ""), in: folder, validity: validity)
        looks = try await connection.look(at: found, in: folder, validity: validity, fields: [Self.leaseField])
      }
      // What the search saw reaches to UIDNEXT, if the server told it; what was looked at, to its own last.
      let last = max(status.uidNext.map { $0 - 1 } ?? 0, looks.last?.uid ?? 0)
      return LeaseMarks(validity: validity, last: last, messages: status.messages, lying: looks.compactMap(Self.lease))
    }
    if let found { leaseMarks = found }
    return (leaseMarks.validity, leaseMarks.lying)
  }

  private static func lease(_ look: HeaderLook) -> LyingLease? {
    guard let fields = look.fields, let field = (try? Message(fields))?.headers.only(leaseField) else { return nil }
    return LyingLease(uid: look.uid, arrived: Instant(internalDate: look.arrived), field: field.unfolded)
  }

  private static let leaseField = "SocialNet-Lease"

  func inOwnFolder<Answer: Sendable>(
    _ work: @Sendable (IMAPConnection, FolderName) async throws(ConnectionFailure) -> Answer
  ) async throws(DriverFailure) -> Answer {
    do throws(FolderReader.Failure) {
      let open = try await connect(worker)
      return try await open.connection.perform { connection throws(ConnectionFailure) in
        try await work(connection, open.layout.own)
      }
    } catch {
      throw DriverFailure(error)
    }
  }
}

/// The leases in the own folder at one moment.
struct LeaseMarks: Sendable {
  var validity: UInt32 = 0
  /// The highest UID that was looked at.
  var last: UInt32 = 0
  /// How many messages there were.
  var messages: UInt32?
  var lying: [LyingLease] = []

  /// Whether nothing has come or gone since, as far as the server says.
  func covers(_ status: FolderStatus?) -> Bool {
    guard let status, let next = status.uidNext, let messages else { return false }
    return status.uidValidity == validity && last > 0 && next - 1 == last && status.messages == messages
  }
}
