internal import Drivers
internal import FoundationEssentials
internal import Logging
internal import MIME
internal import OpenPGP
internal import Packets
internal import Replies
internal import Store

/// What is known of a mail of the user beside its words: where it lies, its twins, and what OpenPGP says about it (RFC 3156).
extension Bridge {
  /// The most bytes of a mail that are decrypted or checked.
  private static let mostOfALetter = 40 << 20

  func evidence(_ inpacket: Inpacket, _ mail: Message) async throws -> Evidence {
    let twins = try await store.twins(of: inpacket.sha256, messageID: mail.messageID).compactMap { try? Message($0).headers }
    let place: Evidence.Place =
      switch inpacket.place {
      case .sent: .sent
      case .post: .post
      default: .inbox
      }
    // What came in time is an answer in time, whenever it is read, and whatever this machine's clock says by then.
    var evidence = Evidence(place: place, twins: twins, now: min(clock.now(), inpacket.arrived))
    // Others' mails are none of the keys' business.
    let own = try await replySettings().ownAddresses
    guard let from = mail.headers.onlyAddress("From"), own.contains(from.text.lowercased()) else {
      return evidence
    }
    switch mail.root.contentType.mediaType {
    case "multipart/signed": evidence.signature = try await signature(of: mail)
    case "multipart/encrypted": (evidence.encryption, evidence.signature) = try await decrypted(mail)
    default: break
    }
    return evidence
  }

  /// RFC 3156 5: the first part as it stands, with its headers, and the signature over it.
  private func signature(of mail: Message) async throws -> Evidence.Signature {
    guard mail.root.parts.count == 2, mail.root.parts[1].contentType.mediaType == "application/pgp-signature",
      let signed = try? mail.bytes(in: mail.root.parts[0].entity),
      let signature = try? mail.body(of: mail.root.parts[1], limit: 64 << 10)
    else { return .none }
    do {
      return try await keyring.home().signer(of: signed, signature: signature) == key ? .own : .none
    } catch {
      try passOn(error)
      return .none
    }
  }

  /// RFC 3156 4: what is inside, and whether it was signed as well.
  private func decrypted(_ mail: Message) async throws -> (Evidence.Encryption, Evidence.Signature) {
    guard mail.root.parts.count == 2, let ciphertext = try? mail.body(of: mail.root.parts[1], limit: Self.mostOfALetter) else {
      return (.sealed, .none)
    }
    do {
      let (plaintext, signer) = try await keyring.home().read(Spool(ciphertext), limit: Self.mostOfALetter)
      guard let bytes = try? plaintext.bytes(limit: Self.mostOfALetter), let inner = try? Message(bytes) else {
        return (.sealed, .none)
      }
      return (.opened(inner), try signer == key ? .own : .none)
    } catch {
      try passOn(error)
      return (.sealed, .none)
    }
  }

  /// A signature that is not good is none, and what does not open is sealed; trouble of our own is tried again.
  private func passOn(_ error: any Error) throws {
    guard let failure = error as? OpenFailure else { throw error }
    if case .trouble = failure { throw failure }
  }
}

extension Message {
  /// The first Message-ID, without the angle brackets; empty where there is none.
  var messageID: String { headers.only("Message-ID").flatMap { MessageID.list($0.unfolded).first } ?? "" }
}
