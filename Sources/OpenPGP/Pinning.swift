private import FoundationEssentials
private import Synchronization

extension KeyHome {
  /// Every certificate in the home.
  public func pinned() async throws(CertificateFailure) -> [Certificate] {
    try await perform(failing: CertificateFailure.self) { home, context, patience in
      try home.readRing(context, patience)
      return home.ring.withLock { Array($0.values) }
    }
  }

  /// Whether the home held a certificate of this primary key when it was last read.
  public func holds(_ fingerprint: [UInt8]) -> Bool {
    Key(fingerprint: fingerprint).map { key in ring.withLock { $0[key] != nil } } ?? false
  }

  /// Looks at a certificate without trusting it or taking it in: in a throw-away home.
  public func inspect(_ certificate: [UInt8]) async throws(CertificateFailure) -> Certificate {
    try await perform(failing: CertificateFailure.self) { home, _, patience in
      try home.withThrowawayHome(holding: certificate, patience) { _, certificate in certificate }
    }
  }

  /// Looks at a certificate that is to take the place of the pinned one of `key`: it has to be of the same primary key, be good to
  /// encrypt to, and have no key id in common with anybody else's.
  public func inspect(_ certificate: [UInt8], renewing key: Key) async throws(CertificateFailure) {
    let inspected = try await inspect(certificate)
    guard inspected.key == key else { throw .anotherKey }
    guard inspected.canEncrypt else { throw .cannotEncrypt }
    try await perform(failing: CertificateFailure.self) { home, context, patience in
      try home.readRing(context, patience)
      if let other = home.overlap(with: inspected) { throw CertificateFailure.overlaps(other) }
    }
  }

  /// Looks at the certificate of a new key that is to take the place of `old`: it has to be another, good to sign and to encrypt to, and
  /// have no key id in common with any that is pinned, the old one's included.
  public func inspect(_ certificate: [UInt8], replacing old: Key) async throws(CertificateFailure) -> Certificate {
    let inspected = try await inspect(certificate)
    guard inspected.key != old else { throw .anotherKey }
    guard inspected.canEncrypt else { throw .cannotEncrypt }
    guard inspected.primaryCanSign, !inspected.isExpired, !inspected.isRevoked else { throw .unusable }
    try await perform(failing: CertificateFailure.self) { home, context, patience in
      try home.readRing(context, patience)
      if let other = home.overlap(with: inspected) { throw CertificateFailure.overlaps(other) }
    }
    return inspected
  }

  /// Looks whether a revocation certificate takes back the primary key of a certificate, in a throw-away home: a message of its owner's
  /// that the key is not to be believed any more. Neither is taken into the home. A certificate that is revoked already proves nothing.
  public func inspect(revocation: [UInt8], of certificate: [UInt8]) async throws(CertificateFailure) {
    // One signature and nothing else: gpg would take armor, and further certificates, as well.
    guard let row = OpenPGPPacket.row(in: revocation), row.count == 1, row.first?.packet.tag == .signature,
      let primary = OpenPGPPacket.row(in: certificate)?.first, primary.packet.tag == .primaryKey
    else { throw .malformed }
    let before = try await inspect(certificate)
    guard !before.isRevoked else { throw .unusable }
    // Where it stands in a certificate (RFC 4880 11.1): gpg leaves out what is not good, and by itself it would ask for a trustdb.
    let whole = certificate[primary.range] + revocation + certificate[primary.range.upperBound...]
    let after = try await inspect(Array(whole))
    guard after.key == before.key, after.isRevoked else { throw .notRevoked }
  }

  /// Takes a contact's certificate into the home, or a renewed one of a key that is pinned already.
  ///
  /// A certificate that shares a key id with another pinned one is refused: gpg would name either by it.
  public func pin(_ certificate: [UInt8]) async throws(CertificateFailure) -> Certificate {
    let inspected = try await inspect(certificate)
    return try await perform(failing: CertificateFailure.self) { home, context, patience in
      try home.pinning.withLock { _ in
        try home.readRing(context, patience)
        if let other = home.overlap(with: inspected) { throw CertificateFailure.overlaps(other) }
        guard try context.importing(certificate, patience) == 1 else { throw CertificateFailure.unusable }
        try home.readRing(context, patience)
        guard let pinned = home.ring.withLock({ $0[inspected.key] }) else { throw CertificateFailure.unusable }
        return pinned
      }
    }
  }

  /// Forgets a contact's certificate; nothing happens where there is none. A key of our own stays.
  public func unpin(_ key: Key) async throws(CertificateFailure) {
    try await perform(failing: CertificateFailure.self) { home, context, patience in
      try context.delete(key, patience)
      try home.readRing(context, patience)
    }
  }

  /// A pinned certificate of another key that has a key id in common with this one.
  func overlap(with certificate: Certificate) -> Key? {
    ring.withLock { ring in
      ring.values.first { $0.key != certificate.key && !$0.keyIDs.isDisjoint(with: certificate.keyIDs) }?.key
    }
  }

  /// Makes an empty home, takes one certificate into it, and lends both.
  func withThrowawayHome<Value>(
    holding bytes: [UInt8], _ patience: Patience,
    _ body: (borrowing Context, Certificate) throws -> Value
  ) throws -> Value {
    guard bytes.count <= Certificate.sizeLimit else { throw CertificateFailure.tooLarge }
    guard let row = OpenPGPPacket.row(in: bytes), row.first?.packet.tag == .primaryKey,
      row.allSatisfy({ [.primaryKey, .userID, .userAttribute, .subkey, .signature].contains($0.packet.tag) })
    else { throw CertificateFailure.malformed }
    guard row.count(where: { $0.packet.tag == .primaryKey }) == 1 else { throw CertificateFailure.notOneKey }
    return try HomeDirectory.withThrowaway(in: configuration.scratch) { directory in
      let context = try Context(.gpg(home: directory, program: configuration.programs.launcher?.path))
      _ = try context.importing(bytes, patience)
      let certificates = try context.certificates(patience)
      guard certificates.count == 1, let certificate = certificates.first else { throw CertificateFailure.unusable }
      return try body(context, certificate)
    }
  }
}
