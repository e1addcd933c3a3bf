internal import CGPGME

/// Reading and changing the public keyring of one home, on a worker's thread.
extension Context {
  /// Every certificate of the keyring.
  borrowing func certificates(_ patience: Patience) throws -> [Certificate] {
    try keys(matching: nil, patience).compactMap { unsafe Certificate($0.handle) }
  }

  /// gpg's view of one key, or nothing where it has none.
  borrowing func key(_ key: Key, _ patience: Patience) throws -> KeyObject? {
    try keys(matching: key.hex, patience).first
  }

  /// Removes a certificate, if it is there; gpg refuses where a secret key belongs to it.
  borrowing func delete(_ key: Key, _ patience: Patience) throws {
    guard let found = try self.key(key, patience) else { return }
    try unsafe run(patience) { unsafe gpgme_op_delete_ext_start($0, found.handle, UInt32(GPGME_DELETE_FORCE)) }.check()
  }

  /// The primary keys whose secrets the home's agent has.
  borrowing func secretKeys(_ patience: Patience) throws -> [Key] {
    try keys(matching: nil, secret: true, patience).compactMap { unsafe Certificate($0.handle)?.key }
  }

  private borrowing func keys(matching name: String?, secret: Bool = false, _ patience: Patience) throws -> [KeyObject] {
    try unsafe run(patience) { unsafe gpgme_op_keylist_start($0, name, secret ? 1 : 0) }.check()
    return listedKeys
  }

  /// Takes certificates into the keyring and says how many there were.
  borrowing func importing(_ bytes: [UInt8], _ patience: Patience) throws -> Int {
    let flow = try Flow(from: Spool(bytes))
    let ending = unsafe run(patience) { context in unsafe gpgme_op_import_start(context, flow.data) }
    if let failure = flow.failure { throw failure }
    // gpg's complaints about a certificate are in the counts: only what kept it from looking is ours.
    guard status.contains(where: { $0.keyword == "IMPORT_RES" }) else {
      try ending.check()
      throw EngineTrouble.died
    }
    return unsafe gpgme_op_import_result(handle).map { unsafe Int($0.pointee.considered - $0.pointee.not_imported) } ?? 0
  }

  /// The certificate of one key in binary, reduced to what others need of it; empty where there is none.
  borrowing func exporting(_ key: Key, to sink: SpoolWriter, _ patience: Patience) throws -> Spool {
    let flow = try Flow(into: sink)
    let ending = unsafe run(patience) { context in
      unsafe gpgme_op_export_start(context, key.hex, UInt32(GPGME_EXPORT_MODE_MINIMAL), flow.data)
    }
    if let failure = flow.failure { throw failure }
    try ending.check()
    guard status.contains(where: { $0.keyword == "EXPORT_RES" }) else { throw EngineTrouble.died }
    return try sink.finish()
  }
}

extension Certificate {
  /// Reads gpg's view of a certificate; nothing where a fingerprint is not version 4.
  fileprivate init?(_ listed: gpgme_key_t) {
    var keys: [(key: Key, canEncrypt: Bool)] = []
    var next = unsafe listed.pointee.subkeys
    while let subkey = unsafe next?.pointee {
      guard let hex = unsafe subkey.fpr, let key = unsafe Key(hex: String(cString: hex)) else { return nil }
      let usable = unsafe subkey.expired == 0 && subkey.revoked == 0 && subkey.disabled == 0 && subkey.invalid == 0
      keys.append((key, unsafe usable && subkey.can_encrypt != 0))
      unsafe next = subkey.next
    }
    guard let primary = keys.first, let first = unsafe listed.pointee.subkeys?.pointee else { return nil }
    key = primary.key
    subkeys = keys.dropFirst().map { Subkey(key: $0.key, canEncrypt: $0.canEncrypt) }
    isExpired = unsafe listed.pointee.expired != 0
    isRevoked = unsafe listed.pointee.revoked != 0
    primaryCanSign = unsafe first.can_sign != 0
  }
}
