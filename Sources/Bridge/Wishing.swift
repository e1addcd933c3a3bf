public import Feed
public import FoundationEssentials
internal import Account
internal import Digest
internal import Drivers
internal import Node
internal import OpenPGP
public import Packets
internal import Pictures
internal import Store

/// What the user can have done: each a wish to the node, in one transaction, and a ring of the daemon's bell.
extension Bridge {
  /// A picture to be posted, and words for who cannot see it.
  public struct Photo: Sendable {
    /// The original; it never leaves this machine.
    public var file: URL
    /// Words for who cannot see it.
    public var alternative: String?

    /// A picture to be posted.
    public init(file: URL, alternative: String?) {
      self.file = file
      self.alternative = alternative
    }
  }

  /// Posts to everyone, or to a circle. Returns the new item.
  public func post(_ text: String, photos: [Photo], circle: String?, share: Bool) async throws(BridgeFailure) -> ItemID {
    do {
      guard photos.count <= 10 else {
        throw BridgeFailure.badData("A post has at most ten photos.", remedy: "Post the others separately.")
      }
      var pictures: [Picture] = []
      for photo in photos { pictures.append(try await prepare(photo)) }
      return try await speak(.post(text: text, pictures: pictures, circle: circle, share: share))
    } catch {
      throw BridgeFailure(error)
    }
  }

  /// Anything that makes an item: a comment, a reaction, a retraction. Returns its id.
  @discardableResult
  public func wish(_ wish: Wish) async throws(BridgeFailure) -> ItemID {
    do { return try await speak(wish) } catch { throw BridgeFailure(error) }
  }

  private func speak(_ wish: Wish) async throws -> ItemID {
    let me = try await store.myself().author
    let id = try await store.perform(wish, at: clock.now())
    ringDaemon()
    return ItemID(PacketName(author: me, id: id))
  }

  /// Tells the daemon, if one runs, that something was committed.
  public func ringDaemon() { ControlSocket.ring(at: layout.controlSocket) }

  /// Which item the user means by an id, an unambiguous beginning of one, or `#N` of the last digest.
  public func item(_ text: String) async throws(BridgeFailure) -> ItemID {
    let found: [ItemID]
    do { found = try await store.items(beginning: text) } catch { throw BridgeFailure(error) }
    guard let only = found.first else {
      throw .notFound("There is nothing with the id “\(text)”.", remedy: "`socialnet feed` shows what there is.")
    }
    guard found.count == 1 else {
      throw .badData("More than one item begins with “\(text)”.", remedy: "Give more of its id.")
    }
    return only
  }

  // MARK: Acquaintance

  /// Makes an invitation, and mails it where an address is given. Returns the link.
  public func invite(address: String?, name: String?) async throws(BridgeFailure) -> String {
    do {
      let myself = try await store.myself()
      let changes = try await store.perform(wishing: .invite(address: address, name: name), at: clock.now())
      guard case .invite(let given)? = changes.first(where: { if case .invite = $0 { true } else { false } }) else {
        throw BridgeFailure.fault("no invitation was made")
      }
      let link = InvitationLink(
        Invitation(
          endpoint: myself.endpoints.first ?? "", name: myself.name, certificate: myself.certificate, author: myself.author,
          secret: given.secret)
      ).text
      if let address { try await mail(link, to: address, friend: name) }
      ringDaemon()
      return link
    } catch {
      throw BridgeFailure(error)
    }
  }

  private func mail(_ link: String, to address: String, friend: String?) async throws {
    guard let own = configuration.account.address?.text else {
      throw BridgeFailure.unavailable(
        "This account has no mail address to send an invitation from.", remedy: "Give the link to your friend yourself: \(link)")
    }
    let stamp = stamp()
    let letter = try InvitationLetter(
      from: own, name: try await store.myself().name, to: address, friend: friend, link: link)
    let messageID = "\(stamp.token.text)@\(configuration.account.address?.domain ?? "node.invalid")"
    let bytes = try letter.bytes(token: stamp.token, date: stamp.date, zone: clock.zone)
    try DurableFile.create(layout.outpacket(messageID), holding: bytes)
    try await store.queue(messageID: messageID, kind: "invitation", to: LetterDelivery(endpoint: "mailto:\(address)"), at: clock.now())
  }

  /// Answers an invitation link. Returns the name of who gave it.
  public func accept(link text: String) async throws(BridgeFailure) -> String {
    do {
      let invitation: Invitation
      do {
        invitation = try InvitationLink(text: text).invitation
      } catch {
        throw BridgeFailure.badData("This is no invitation: \(error)", remedy: "Copy the whole link, from socialnet:join# on.")
      }
      let certificate = try await keyring.home().inspect(invitation.certificate)
      guard certificate.canEncrypt, let fingerprint = Fingerprint(bytes: certificate.key.fingerprint) else {
        throw BridgeFailure.badData("The key in this invitation cannot be used.", remedy: "Ask for a new invitation.")
      }
      _ = try await speak(.acceptInvitation(invitation, fingerprint: fingerprint))
      return invitation.name
    } catch {
      throw BridgeFailure(error)
    }
  }

  /// The waiting request that the user means by an id or an unambiguous beginning of one.
  public func request(_ text: String) async throws(BridgeFailure) -> PendingRequest {
    let found: [PendingRequest]
    do {
      let prefix = text.lowercased()
      found = try await store.requests().filter { $0.id.text.hasPrefix(prefix) || $0.name.lowercased() == prefix }
    } catch {
      throw BridgeFailure(error)
    }
    guard let only = found.first else {
      throw .notFound("No request “\(text)” waits.", remedy: "`socialnet requests` shows those that do.")
    }
    guard found.count == 1 else { throw .badData("More than one request begins with “\(text)”.", remedy: "Give more of its id.") }
    return only
  }

  // MARK: Pictures

  /// Turns a photo upright, strips and scales it in a child process, and keeps the result as a blob.
  func prepare(_ photo: Photo) async throws -> Picture {
    let prepared = try await Photographer(scratch: scratch).prepare(photo.file)
    let sha256 = try Hash.of(file: prepared.file.path)
    let size = (try FileManager.default.attributesOfItem(atPath: prepared.file.path)[.size] as? Int) ?? 0
    try DurableFile.settle(prepared.file, as: layout.blob(sha256))
    let blob = Blob(sha256: sha256, size: UInt64(size), type: prepared.type)
    try await store.transact(at: clock.now()) { try $0.keep(blob: blob) }
    await makeThumbnails(of: [blob])
    return Picture(
      width: UInt64(prepared.width), height: UInt64(prepared.height), alternative: photo.alternative, blob: blob)
  }

  /// Makes small forms of pictures, for digests. A picture that gives none is shown by its words alone.
  func makeThumbnails(of blobs: [Blob]) async {
    for blob in blobs where blob.type.hasPrefix("image/") {
      let file = layout.thumbnail(blob.sha256)
      guard !FileManager.default.fileExists(atPath: file.path) else { continue }
      do {
        let small = try await Photographer(scratch: scratch).thumbnail(layout.blob(blob.sha256))
        try DurableFile.settle(small.file, as: file)
      } catch {
        log.notice("no small form of picture \(blob.sha256.text.prefix(12)): \(error)")
      }
    }
  }

  /// The small form of a picture, if there is one.
  func thumbnail(_ photo: FeedItem.Photograph) -> Thumbnail? {
    guard let bytes = try? Data(contentsOf: layout.thumbnail(photo.blob.sha256)), let look = try? PictureHeader([UInt8](bytes)) else {
      return nil
    }
    return Thumbnail(
      bytes: [UInt8](bytes), type: look.type, width: look.width, height: look.height, alternative: photo.alternative)
  }
}
