import Feed
import Packets
import Store

// What the gates and OpenPGP say of keys, played without either.

extension Parcel {
  /// Why gate `signer` keeps it out, if it does.
  func reasonToRefuse(_ signer: Signer) -> String? {
    if signer.isRevoked { return "revoked" }
    if signer.contact.state == .blocked { return "blocked" }
    let isHeard = kinds.contains("revoke")
    if signer.contact.state == .frozen { return isHeard ? nil : "frozen" }
    return signer.isFormer && !isHeard ? "retired" : nil
  }
}

extension Action {
  /// What OpenPGP would prove of it: here, signatures are words.
  func proven(of signer: Fingerprint) -> Fingerprint? {
    switch self {
    case .revoke(let revoke): revoke == .init(of: signer) ? signer : nil
    default: nil
    }
  }
}

extension Action.Revoke {
  /// One that takes a key back.
  init(of key: Fingerprint) { self.init(certificate: Array("revocation of \(key.text)".utf8)) }
}
