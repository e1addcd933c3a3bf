internal import CGPGME

/// One bare GPGME context: gpg as it is, without the launcher, and nothing checked but that the operation succeeded.
@safe
struct GPG: ~Copyable {
  private let context: gpgme_ctx_t

  /// Once in a process, before any thread makes a context (GPGME manual, "Library Version Check").
  static func prepare() { _ = unsafe gpgme_check_version(nil) }

  /// A context on a GnuPG home whose agent runs.
  init(home: String) throws {
    var made: gpgme_ctx_t?
    try Self.check(unsafe gpgme_new(&made), "gpgme_new")
    guard let made = unsafe made else { throw Trouble("no GPGME context") }
    // Where no gpg is to be had at that home, the first operation says so.
    _ = unsafe gpgme_ctx_set_engine_info(made, GPGME_PROTOCOL_OpenPGP, nil, home)
    unsafe gpgme_set_offline(made, 1)
    unsafe context = made
  }

  deinit { unsafe gpgme_release(context) }

  /// Decrypts and verifies.
  borrowing func open(_ sealed: [UInt8]) throws {
    try unsafe turn(sealed) { source, target in unsafe gpgme_op_decrypt_verify(context, source, target) }
    guard let signature = unsafe gpgme_op_verify_result(context)?.pointee.signatures?.pointee, unsafe signature.status == 0
    else { throw Trouble("a parcel without a good signature") }
  }

  /// Looks up the key that signs and those to encrypt to, as whoever does it often keeps them.
  borrowing func keys(signer: String, recipients: [String]) throws -> Keys {
    let all = try unsafe ([signer] + recipients).map { fingerprint in
      var key: gpgme_key_t?
      try Self.check(unsafe gpgme_get_key(context, fingerprint, &key, 0), "the key \(fingerprint)")
      return unsafe key
    }
    if let signer = unsafe all.first { try Self.check(unsafe gpgme_signers_add(context, signer), "gpgme_signers_add") }
    return unsafe Keys(recipients: Array(all.dropFirst()) + [nil])
  }

  /// Signs and encrypts.
  borrowing func seal(_ plain: [UInt8], to keys: Keys) throws {
    let flags = GPGME_ENCRYPT_ALWAYS_TRUST.rawValue | GPGME_ENCRYPT_NO_COMPRESS.rawValue
    var recipients = unsafe keys.recipients
    try unsafe turn(plain) { source, target in
      unsafe gpgme_op_encrypt_sign(context, &recipients, gpgme_encrypt_flags_t(flags), source, target)
    }
  }

  private borrowing func turn(
    _ bytes: [UInt8], _ operation: (gpgme_data_t, gpgme_data_t) -> gpgme_error_t
  ) throws {
    var source: gpgme_data_t?
    var target: gpgme_data_t?
    defer {
      unsafe gpgme_data_release(source)
      unsafe gpgme_data_release(target)
    }
    try unsafe bytes.withUnsafeBytes { bytes in
      try Self.check(
        unsafe gpgme_data_new_from_mem(&source, bytes.assumingMemoryBound(to: CChar.self).baseAddress, bytes.count, 0), "data")
      try Self.check(unsafe gpgme_data_new(&target), "data")
      guard let source = unsafe source, let target = unsafe target else { throw Trouble("no GPGME data") }
      try Self.check(unsafe operation(source, target), "an operation")
    }
  }

  private static func check(_ error: gpgme_error_t, _ what: String) throws {
    guard error != 0 else { return }
    throw Trouble("\(what): \(unsafe gpgme_strerror(error).map { unsafe String(cString: $0) } ?? String(error))")
  }
}

/// Key objects to encrypt to. They are few, and live as long as the process.
@safe
struct Keys {
  /// Ended by nil, as GPGME wants it.
  let recipients: [gpgme_key_t?]
}
