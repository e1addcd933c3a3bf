internal import Account
internal import Digest
internal import Drivers
internal import Feed
internal import FoundationEssentials
internal import Logging
internal import Node
internal import Packets
internal import Pictures
internal import Store

/// What the user can have done: each a wish to the node, in one transaction, and a ring of the daemon's bell.
extension Bridge {
  /// Posts to everyone, or to a circle. Returns the new item.
  func post(_ text: String, photos: [PhotoFile], circle: String?, share: Bool) async throws -> ItemID {
    var known: String?
    if let circle { known = try await self.circle(circle) }
    return try await speak(.post(text: text, pictures: try await prepare(photos), circle: known, share: share))
  }

  /// Photos as they can be sent, at most ten.
  func prepare(_ photos: [PhotoFile]) async throws -> [Packets.Picture] {
    guard photos.count <= 10 else {
      throw OperationFailure(.badData, "A post has at most ten photos", remedy: "post the others separately.")
    }
    var pictures: [Packets.Picture] = []
    for photo in photos { pictures.append(try await prepare(photo)) }
    return pictures
  }

  /// Anything else that the user wants. Returns the id of the item that it makes, if it makes one.
  @discardableResult
  func wish(_ wish: Wish) async throws -> ItemID { try await speak(wish) }

  @discardableResult
  private func speak(_ wish: Wish) async throws -> ItemID {
    let me = try await store.myself().author
    let id = try await store.perform(wish, at: clock.now())
    ringDaemon()
    return ItemID(PacketName(author: me, id: id))
  }

  /// Tells the daemon, if one runs, that something was committed.
  func ringDaemon() { ControlSocket.ring(at: layout.controlSocket) }

  // MARK: Acquaintance

  /// Makes an invitation, and mails it where an address is given.
  func invite(address: EmailAddress?, name: String?) async throws -> GivenLink {
    let myself = try await store.myself()
    let changes = try await store.perform(wishing: .invite(address: address?.text, name: name), at: clock.now())
    let given = changes.lazy.compactMap { change -> GivenInvitation? in if case .invite(let given) = change { given } else { nil }
    }.first
    guard let given else { throw OperationFailure(.internalFault, "no invitation was made") }
    let link = InvitationLink.text(
      of: Invitation(
        endpoint: myself.endpoints.first ?? "", name: myself.name, certificate: myself.certificate, author: myself.author,
        secret: given.secret))
    if let address { try await mail(link, to: address.text, friend: name) }
    ringDaemon()
    return GivenLink(link: link, expires: given.expires, mailedTo: address)
  }

  private func mail(_ link: String, to address: String, friend: String?) async throws {
    guard let own = configuration.account.address?.text else {
      throw OperationFailure(
        .unavailable, "This account has no mail address to send an invitation from.",
        remedy: "Give the link to your friend yourself: \(link)")
    }
    let stamp = stamp()
    let letter = try InvitationLetter(
      from: own, name: try await store.myself().name, to: address, friend: friend, link: link)
    let messageID = "\(stamp.token.text)@\(configuration.account.address?.domain ?? "node.invalid")"
    let bytes = try letter.bytes(token: stamp.token, date: stamp.date, zone: clock.zone)
    try DurableFile.create(layout.outpacket(messageID), holding: bytes)
    try await store.queue(
      messageID: messageID, kind: "invitation", to: LetterDelivery(endpoint: "mailto:\(address)"), at: clock.now())
  }

  /// Answers an invitation. Returns the name of who gave it.
  func accept(_ invitation: Invitation) async throws -> String {
    let fingerprint = try await fingerprint(of: invitation)
    try await speak(.acceptInvitation(invitation, fingerprint: fingerprint, through: nil))
    return invitation.name
  }

  /// The waiting request that the user means by its id, a beginning of it, or a name.
  func request(_ text: String) async throws -> PendingRequest {
    let wanted = text.lowercased()
    let found = try await requests().filter { $0.id.text.hasPrefix(wanted) || $0.name.lowercased() == wanted }
    guard let only = found.first else {
      throw OperationFailure(.noInput, "No request “\(text)” waits", remedy: "`socialnet requests` shows those that do.")
    }
    guard found.count == 1 else {
      throw OperationFailure(.badData, "More than one request begins with “\(text)”", remedy: "give more of its id.")
    }
    return only
  }

  // MARK: Pictures

  /// Turns a photo upright, strips and scales it in a child process, and keeps the result as a blob.
  func prepare(_ photo: PhotoFile) async throws -> Packets.Picture {
    let made = try await photographer.prepare(photo.file, into: scratch.appending(path: "photo-\(UUID().uuidString)"))
    let sha256 = try Hash.of(file: made.file.path)
    let size = (try FileManager.default.attributesOfItem(atPath: made.file.path)[.size] as? Int) ?? 0
    try DurableFile.settle(made.file, as: layout.blob(sha256))
    let blob = Blob(sha256: sha256, size: UInt64(size), type: made.kind.mediaType)
    try await store.transact(at: clock.now()) { try $0.keep(blob: blob) }
    await makeThumbnails(of: [blob])
    return Packets.Picture(
      width: UInt64(made.width), height: UInt64(made.height), alternative: photo.alternative, blob: blob)
  }

  /// Makes small forms of pictures, for digests. A picture that gives none is shown by its words alone.
  func makeThumbnails(of blobs: [Blob]) async {
    for blob in blobs where blob.type.hasPrefix("image/") {
      let file = layout.thumbnail(blob.sha256)
      guard !FileManager.default.fileExists(atPath: file.path) else { continue }
      do {
        _ = try await photographer.thumbnail(layout.blob(blob.sha256), into: file)
      } catch {
        log.notice("no small form of picture \(blob.sha256.text.prefix(12)): \(error)")
      }
    }
  }

  private var photographer: Photographer { Photographer(workshop: scratch) }

  /// The small form of a picture, if there is one.
  func thumbnail(_ photo: FeedItem.Photograph) -> Thumbnail? {
    let file = layout.thumbnail(photo.blob.sha256)
    guard let look = try? Inspection(file), let bytes = try? Data(contentsOf: file) else { return nil }
    return Thumbnail(
      bytes: [UInt8](bytes), type: look.kind.mediaType, width: look.width, height: look.height,
      alternative: photo.alternative)
  }
}
