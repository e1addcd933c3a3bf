public import FoundationEssentials
public import MIME
public import OpenPGP
public import Packets

/// Opens parcels: gates 2 to 4 (Protocol, "Opening: gates in order").
public struct Opener: Sendable {
  let home: KeyHome
  let mine: Set<Fingerprint>
  private let scratch: URL
  private let features: Set<String>

  /// An opener for one node.
  ///
  /// - Parameters:
  ///   - home: holds the keys of the node and its contacts.
  ///   - mine: the node's own primary keys: parcels may still be under way to one that was replaced.
  ///   - scratch: a private directory for short-lived files.
  ///   - features: what this node can do beyond version 1.0 of packets.
  public init(home: KeyHome, mine: Set<Fingerprint>, scratch: URL, features: Set<String> = []) {
    self.home = home
    self.mine = mine
    self.scratch = scratch
    self.features = features
  }

  /// What the caller knows of a signer, by the primary key.
  public typealias Standings = @Sendable (Fingerprint) async throws(TemporaryTrouble) -> Standing

  /// Opens one parcel.
  ///
  /// - Parameters:
  ///   - shape: a file that passed gate 1.
  ///   - isFromOwnFolder: it lay in the bridge's own folder, or is read in `rebuild`: only there may a parcel be one's own.
  ///   - standings: asked once, for a signer whose signature is good.
  public func open(
    _ shape: Shape, isFromOwnFolder: Bool, standings: Standings
  ) async throws(OpeningFailure) -> Opening {
    let inside = try await signed(shape) { (signer) throws(OpeningFailure) in
      try await admit(signer, isFromOwnFolder, standings)
    }
    switch inside {
    case .parcel(let signer, let standing, let contents): return try await judge(signer, standing, contents)
    case .snapshot(let snapshot): return .snapshot(snapshot)
    }
  }

  /// Opens what one's own snapshot holds. Whose it is was proved when it was folded, and one's own seal vouches for that; everything else
  /// is asked again.
  public func open(_ folded: Folded, standings: Standings) async throws(OpeningFailure) -> Opening {
    let standing = try await admit(folded.signer, true, standings)
    let contents: Contents
    if standing == .stranger {
      contents = try Self.strangersContents(folded.inside)
      _ = try contents.strangersRequest()
    } else {
      contents = try Contents(folded.inside, features: features)
    }
    return try await judge(folded.signer, standing, contents)
  }

  private func admit(
    _ signer: Fingerprint, _ isFromOwnFolder: Bool, _ standings: Standings
  ) async throws(OpeningFailure) -> Standing {
    let standing: Standing
    do throws(TemporaryTrouble) { standing = try await standings(signer) } catch { throw .troubled(error) }
    switch standing {
    case .blocked: throw .refused(.signer, "the signer is blocked")
    case .revoked: throw .refused(.signer, "the signer's key was taken back by its owner")
    case .myself where !isFromOwnFolder: throw .refused(.signer, "one's own parcels lie in the own folder only")
    case .asked, .contact, .frozen, .retired, .stranger, .myself: return standing
    }
  }

  /// Gate 4, and what ties a greeting's author to its key.
  private func judge(
    _ signer: Fingerprint, _ standing: Standing, _ contents: Contents
  ) async throws(OpeningFailure) -> Opening {
    switch standing {
    case .asked where contents.greeting == nil: return .held(signer: signer)
    case .frozen where !contents.speaksOfKeys(to: standing):
      throw .refused(.signer, "the signer is frozen until the user decides about its keys")
    case .retired where !contents.speaksOfKeys(to: standing):
      throw .refused(.signer, "another key took the place of the signer's")
    default: break
    }
    if !standing.isMyself { try await checkBinding(of: contents, to: signer) }
    return .opened(try OpenedParcel(contents, signer, standing, mine))
  }

  /// What a proven signer sealed.
  private enum Inside {
    case parcel(Fingerprint, Standing, Contents)
    case snapshot(Snapshot)
  }

  /// Gate 2, and who signed: `admit` lets a proven signer in before anything of the inside is looked at.
  private func signed(
    _ shape: Shape, _ admit: (Fingerprint) async throws(OpeningFailure) -> Standing
  ) async throws(OpeningFailure) -> Inside {
    let sealed: Spool
    do { sealed = try shape.sealed(scratch: scratch) } catch { throw .troubled(error) }
    let limit = min(Contents.mostBytes, 100 * sealed.size + 1 << 20)
    let opened: Opened
    do { opened = try await home.open(sealed, limit: limit) } catch { throw OpeningFailure(error) }
    switch opened {
    case .signed(let key, let plaintext):
      let signer = try key.name
      let standing = try await admit(signer)
      if standing.isMyself, let snapshot = try Snapshot(plaintext) { return .snapshot(snapshot) }
      switch standing {
      case .stranger:
        let contents = try Self.strangersContents(plaintext)
        _ = try contents.strangersRequest()
        return .parcel(signer, standing, contents)
      case .frozen, .retired: return .parcel(signer, standing, try Self.strangersContents(plaintext, "of a key in doubt"))
      default: return .parcel(signer, standing, try Contents(plaintext, features: features))
      }
    case .unproven(let unproven):
      let contents = try Self.strangersContents(unproven.claimedPlaintext)
      let request = try contents.strangersRequest()
      let proven: Certificate
      do {
        proven = try await home.prove(unproven, with: request.certificate, limit: limit).certificate
      } catch {
        throw OpeningFailure(error, otherwise: .signer)
      }
      let signer = try proven.key.name
      return .parcel(signer, try await admit(signer), contents)
    }
  }

  /// Nothing of a stranger's plaintext is believed before it is proved; what cannot even be split proves nothing.
  private static func strangersContents(
    _ plaintext: Spool, _ signer: String = "unknown"
  ) throws(OpeningFailure) -> Contents {
    do {
      return try Contents(plaintext, features: [])
    } catch .refused(let refusal) {
      throw .refused(.signer, "the signer is \(signer), and \(refusal.reason)")
    }
  }

  /// A request or an accept ties its author to the key that sealed the parcel: by the author's signature over the packet, and by the
  /// key's over the author. Any failure counts as `signer`.
  private func checkBinding(of contents: Contents, to signer: Fingerprint) async throws(OpeningFailure) {
    guard let greeting = contents.greeting, let binding = greeting.binding else { return }
    guard contents.packets.first(where: { !$0.isEmbedded })?.isSigned == true else {
      throw .refused(.signer, "the author's signature is missing or wrong")
    }
    guard binding.fingerprint == signer else { throw .refused(.signer, "the profile is bound to another key than the signer's") }
    let text = Derivation.bindingText(author: greeting.author, fingerprint: signer)
    let certificate: Certificate
    do {
      certificate = try await home.verify(binding.signature, over: text, by: greeting.certificate ?? [])
    } catch {
      throw OpeningFailure(error, otherwise: .signer)
    }
    guard try certificate.key.name == signer else {
      throw .refused(.signer, "the certificate is of another key than the signer's")
    }
  }
}

/// What became of a parcel that is good so far.
public enum Opening: Sendable {
  /// Its packets may be judged.
  case opened(OpenedParcel)
  /// The signer was asked and has not answered: to be opened again once it has (at most 100 parcels, 50 MiB, 30 days).
  case held(signer: Fingerprint)
  /// One's own snapshot: it holds what other parcels held.
  case snapshot(Snapshot)
}

/// A parcel that passed gates 1 to 4. Its packets were not judged yet (``PacketGate``).
public struct OpenedParcel: Sendable {
  /// The primary key that sealed it.
  public let signer: Fingerprint
  /// What the node knew of the signer when it was opened.
  public let standing: Standing
  /// For whom it was sealed; nothing where it is one's own and has none that can be read.
  public let audience: Audience?
  /// The address inside, which the signer vouches for. Providers rewrite the one outside.
  public let from: Address?
  /// When it was sealed, by the writer's clock: seconds since 1970.
  public let date: Int64?
  /// Packets and blobs.
  public let contents: Contents

  /// Gate 4. One's own parcels are not asked for whom they are.
  init(_ contents: Contents, _ signer: Fingerprint, _ standing: Standing, _ mine: Set<Fingerprint>) throws(OpeningFailure) {
    let headers = contents.headers
    from = headers.onlyAddress("From")
    date = headers.date
    audience = headers.only("SocialNet-Audience").flatMap { Audience(header: $0.unfolded) }
    self.contents = contents
    self.signer = signer
    self.standing = standing
    guard !standing.isMyself else { return }
    let once = ["From", "Date", "Subject", "SocialNet-Audience", "MIME-Version", "Content-Type"]
    guard once.allSatisfy({ headers.count(of: $0) == 1 }) else {
      throw .refused(.audience, "a header inside is missing or stands more than once")
    }
    let outer = headers.all("HP-Outer").map { $0.unfolded.prefix { $0 != ":" }.lowercased() }
    guard outer.sorted() == ["date", "from", "subject"] else {
      throw .refused(.audience, "the headers inside do not say which stand outside")
    }
    guard from != nil, date != nil, let audience else { throw .refused(.audience, "a header inside cannot be read") }
    guard mine.contains(where: { audience.names($0, pairKeys: standing.pairKeys) }) else {
      throw .refused(.audience, "this node is not named")
    }
  }
}

extension Contents {
  /// The first packet, where it is one of the two that make contacts.
  var greeting: Packet? {
    guard case .success(.understood(let packet)) = packets.first(where: { !$0.isEmbedded })?.reading else { return nil }
    return packet.certificate == nil ? nil : packet
  }

  /// Whether anything in it may come from somebody of this standing at all.
  func speaksOfKeys(to standing: Standing) -> Bool {
    packets.contains { part in
      guard !part.isEmbedded, case .success(.understood(let packet)) = part.reading else { return false }
      if case .contactRequest = packet.action { return false }
      return standing.allows(packet.action)
    }
  }

  /// The one thing that a stranger may send.
  func strangersRequest() throws(OpeningFailure) -> Action.ContactRequest {
    guard packets.count == 1, let greeting, case .contactRequest(let request) = greeting.action else {
      throw .refused(.signer, "the signer is unknown, and this is not a single contact-request")
    }
    return request
  }
}

extension Packet {
  /// The OpenPGP certificate of one who makes contact.
  fileprivate var certificate: [UInt8]? {
    switch action {
    case .contactRequest(let request): request.certificate
    case .contactAccept(let accept): accept.certificate
    default: nil
    }
  }
}

extension Key {
  /// The primary key's name on the network.
  fileprivate var name: Fingerprint {
    get throws(OpeningFailure) {
      guard let name = Fingerprint(bytes: fingerprint) else { throw .refused(.signer, "the signer's key is not version 4") }
      return name
    }
  }
}

extension OpeningFailure {
  /// What OpenPGP says, and at which gate that counts.
  fileprivate init(_ failure: OpenPGP.OpenFailure, otherwise gate: Gate = .decryption) {
    switch failure {
    case .trouble(let trouble), .certificate(.trouble(let trouble)): self = .troubled(TemporaryTrouble("\(trouble)"))
    case .signature(let defect): self = .refused(.signer, "the signature does not hold (\(defect))")
    case .certificate(let failure): self = .refused(.signer, "the certificate is of no use (\(failure))")
    case .changed: self = .refused(.signer, "the signed text is another than the one that was opened")
    default: self = .refused(gate, "OpenPGP refuses it (\(failure))")
    }
  }
}
