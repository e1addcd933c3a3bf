internal import Feed
public import Packets
public import Store

// What the gates and OpenPGP say of keys, played without either.

extension Signer {
  /// Why gate `signer` keeps out a parcel with these actions, if it does.
  public func reasonToRefuse(_ kinds: [String]) -> String? {
    if isRevoked { return "revoked" }
    if contact.state == .blocked { return "blocked" }
    if contact.state == .frozen { return kinds.contains("revoke") ? nil : "frozen" }
    return isFormer && Set(kinds).isDisjoint(with: ["revoke", "key-change"]) ? "retired" : nil
  }
}

extension Action {
  /// What OpenPGP would prove of it: here, signatures are words.
  public func proven(of signer: Fingerprint, by author: Author) -> Fingerprint? {
    switch self {
    case .keyChange(let change):
      Fingerprint(text: String(decoding: change.certificate, as: UTF8.self).dropFirst(12)).flatMap { new in
        change == .init(from: signer, to: new, of: author, revision: change.revision) ? new : nil
      }
    case .revoke(let revoke): revoke == .init(of: signer) ? signer : nil
    default: nil
    }
  }
}

extension Action.Revoke {
  /// One that takes a key back.
  public init(of key: Fingerprint) { self.init(certificate: Array("revocation of \(key.text)".utf8)) }
}

extension Action.KeyChange {
  /// One that both keys have signed.
  public init(from old: Fingerprint, to new: Fingerprint, of author: Author, revision: UInt64) {
    let text = Hash.of(Derivation.keyChangeText(author: author, old: old, new: new, revision: revision)).text
    self.init(
      revision: revision, certificate: Array("certificate \(new.text)".utf8),
      oldSignature: Array("\(old.text) \(text)".utf8), newSignature: Array("\(new.text) \(text)".utf8))
  }
}
