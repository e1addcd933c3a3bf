internal import Feed
internal import OpenPGP
internal import Packets
internal import Store

/// People who are brought together by somebody who knows both.
extension Bridge {
  /// Requests that wait for the user's word: strangers', and those whom a contact introduces.
  func requests() async throws -> [PendingRequest] {
    var requests = try await store.requests()
    for introduction in try await store.introductions() {
      // Whose key cannot be used is not offered; what brought it expires by itself.
      guard let fingerprint = try? await fingerprint(of: introduction.invitation) else { continue }
      let by = try await store.contacts().first { $0.author == introduction.by }
      requests.append(PendingRequest(introduction, fingerprint: fingerprint, by: by?.name ?? ""))
    }
    return requests
  }

  /// The primary fingerprint of an invitation's certificate, which is looked at in a home of its own.
  func fingerprint(of invitation: Invitation) async throws -> Fingerprint {
    let certificate: Certificate
    do {
      certificate = try await keyring.home().inspect(invitation.certificate)
    } catch let failure as CertificateFailure {
      throw OperationFailure(.badData, "The key in this invitation cannot be used (\(failure))", remedy: "ask for a new one.")
    }
    guard certificate.canEncrypt, let fingerprint = Fingerprint(bytes: certificate.key.fingerprint) else {
      throw OperationFailure(.badData, "The key in this invitation cannot be used", remedy: "ask for a new one.")
    }
    return fingerprint
  }

  /// What it takes to say yes to a request: a stranger's is answered, to one who was introduced a request is sent.
  func yes(to request: PacketID) async throws -> Wish {
    guard let introduction = try await store.introductions().first(where: { $0.id == request }) else {
      return .acceptRequest(request)
    }
    let fingerprint = try await fingerprint(of: introduction.invitation)
    return .acceptInvitation(introduction.invitation, fingerprint: fingerprint, through: request)
  }

  /// Hands an invitation of one contact on to another. Returns both names.
  func introduce(_ invitation: Invitation, to text: String) async throws -> (who: String, to: String) {
    let contact = try await contact(text)
    try await wish(.introduce(invitation, to: contact.author))
    return (try await store.contacts().first { $0.author == invitation.author }?.name ?? invitation.name, contact.name)
  }
}

extension PendingRequest {
  fileprivate init(_ introduction: Introduction, fingerprint: Fingerprint, by: String) {
    let invitation = introduction.invitation
    self.init(
      id: introduction.id, author: invitation.author, fingerprint: fingerprint, name: invitation.name,
      endpoints: [invitation.endpoint], certificate: invitation.certificate, half: [], received: introduction.received,
      proof: false, introducedBy: by)
  }
}
