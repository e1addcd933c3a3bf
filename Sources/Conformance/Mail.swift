internal import Bridge
internal import Drivers
internal import FolderDriver
internal import FoundationEssentials
internal import MIME
internal import OpenPGP
internal import Packets
internal import Parcels

/// Seals what friends say and opens what comes to them, by the rooms that the program itself uses, through the folder driver.
struct Mail: Sendable {
  let home: KeyHome
  let place: URL
  private let scratch: URL
  private let driver: FolderDriver
  private let now: @Sendable () -> Instant

  init(at place: URL, _ now: @escaping @Sendable () -> Instant) async throws {
    self.place = place
    self.now = now
    scratch = place.appending(path: "scratch", directoryHint: .isDirectory)
    home = try await KeyHome(.init(directory: place.appending(path: "gnupg", directoryHint: .isDirectory), scratch: scratch))
    driver = FolderDriver(receivingFrom: nil, refused: scratch, now: now)
  }

  // MARK: To the node

  /// One parcel, for the node alone.
  func send(_ packets: [SignedPacket], from friend: Friend, to node: Peer) async throws {
    var random = SystemRandomNumberGenerator()
    let audience: Audience
    if packets.first?.isForCircle == true, let pairKey = friend.pairKey(with: node.author),
      let circle = Audience.circle(pairKeys: [pairKey], using: &random)
    {
      audience = circle
    } else {
      audience = .one(node.key)
    }
    guard let from = Self.address(friend.key), let to = Self.address(node.key) else { throw Flaw("a key without an address") }
    let draft = ParcelDraft(
      from: from, date: now().milliseconds / 1000, writerName: friend.name, audience: audience, packets: packets, blobs: [],
      text: "\(friend.name) writes.\n", using: &random)
    let file = scratch.appending(path: "out-\(Hex.encode(Random.bytes(8, using: &random))).eml")
    defer { try? FileManager.default.removeItem(at: file) }
    let copy = Sealer.Copy(
      recipient: node.key, to: to, messageID: "\(Hex.encode(Random.bytes(16, using: &random)))@node.invalid", file: file)
    let sizes = try await Sealer(home: home, me: friend.key, scratch: scratch).seal(draft, copies: [copy])
    let consignment = Consignment(id: 1, endpoint: node.endpoint, file: file, size: sizes.first ?? 0)
    for await (_, outcome) in driver.transmit([consignment]) {
      guard case .handedOver = outcome else { throw Flaw("a parcel could not be brought to \(node.endpoint): \(outcome)") }
    }
  }

  private static func address(_ key: Fingerprint) -> Address? { Address("\(key.text.lowercased())@node.invalid") }

  // MARK: From the node

  /// What lay in a directory of a friend's, which is then empty: each parcel opened as a node has to.
  ///
  /// - Throws: ``Flaw`` where one of them is not as it has to be.
  func collect(for friend: Friend, in inbox: URL, from node: Peer) async throws -> [OpenedParcel] {
    let names = try FileManager.default.contentsOfDirectory(atPath: inbox.path).sorted()
    var opened: [OpenedParcel] = []
    for name in names where name.hasSuffix(".eml") && !name.hasPrefix(".") {
      let file = inbox.appending(path: name)
      defer { try? FileManager.default.removeItem(at: file) }
      guard try Hash.of(file: file.path).text + ".eml" == name else {
        throw Flaw("a parcel for \(friend.name) is not named by its SHA-256")
      }
      opened.append(try await open(file, for: friend, from: node))
    }
    return opened
  }

  private func open(_ file: URL, for friend: Friend, from node: Peer) async throws -> OpenedParcel {
    let standing: Standing
    if let pairKey = friend.pairKey(with: node.author) {
      standing = .contact(node.author, pairKeys: [pairKey])
    } else {
      standing = friend.request == nil ? .stranger : .asked(node.author)
    }
    do {
      let opener = Opener(home: home, mine: [friend.key], scratch: scratch)
      switch try await opener.open(Shape(of: file), isFromOwnFolder: false, standings: { (_) in standing }) {
      case .opened(let parcel): return parcel
      case .held: throw Flaw("a parcel for \(friend.name) came before the answer to their request")
      case .snapshot: throw Flaw("a snapshot was sent to \(friend.name)")
      }
    } catch OpeningFailure.refused(let refusal) {
      throw Flaw("a parcel for \(friend.name) does not pass the gate \(refusal)")
    } catch ShapeFailure.refused(let refusal) {
      throw Flaw("a parcel for \(friend.name) does not pass the gate \(refusal)")
    } catch ShapeFailure.notAParcel {
      throw Flaw("a file for \(friend.name) is no parcel")
    }
  }
}

extension SignedPacket {
  fileprivate var isForCircle: Bool {
    guard case .understood(let packet)? = try? read() else { return false }
    return packet.streamKind == .circle
  }
}

extension Friend {
  func pairKey(with node: Author) -> [UInt8]? {
    theirHalf.map { Derivation.pairKey(mine: author, theirs: node, myHalf: half, theirHalf: $0) }
  }
}
