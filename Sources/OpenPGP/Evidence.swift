internal import CGPGME

/// What gpg and GPGME said about a message, as values, so that the judgement is a function that tests can call with any of it.
struct Evidence {
  /// How the operation ended.
  var ending: Ending
  /// gpg's status lines.
  var status: [StatusLine]
  /// gpg gave up on the message in the middle of it, which it says in words only.
  var gaveUp = false
  /// GPGME's own reading, which has to agree with ours: recipients, and the status of each signature.
  var recipients = 0
  var signatures: [gpg_err_code_t] = []
  var noIntegrityProtection = false
  var wrongKeyUsage = false

  /// Collects what there is about the last operation of a context.
  init(_ context: borrowing Context, _ ending: Ending) {
    self.ending = ending
    status = context.status
    if count("END_DECRYPTION") == 0 { gaveUp = context.diagnosis.contains("gpg: Fatal:") }
    if let result = unsafe gpgme_op_decrypt_result(context.handle)?.pointee {
      var recipient = unsafe result.recipients
      while let next = unsafe recipient {
        recipients += 1
        unsafe recipient = next.pointee.next
      }
      noIntegrityProtection = unsafe result.legacy_cipher_nomdc != 0
      wrongKeyUsage = unsafe result.wrong_key_usage != 0
    }
    var signature = unsafe gpgme_op_verify_result(context.handle)?.pointee.signatures
    while let next = unsafe signature?.pointee {
      unsafe signatures.append(gpgme_err_code(next.status))
      wrongKeyUsage = unsafe wrongKeyUsage || next.wrong_key_usage != 0
      unsafe signature = next.next
    }
  }

  /// Evidence as a test makes it up.
  init(ending: Ending = .finished(0), status: [StatusLine]) {
    self.ending = ending
    self.status = status
  }

  /// How often a keyword stands in the status.
  func count(_ keyword: String) -> Int { status.count { $0.keyword == keyword } }

  /// The fields of a line that stands exactly once.
  func only(_ keyword: String) -> [String]? {
    count(keyword) == 1 ? status.first { $0.keyword == keyword }?.fields : nil
  }

  /// The error codes of `ERROR` and `FAILURE` lines about one location (libgpg-error: the low 16 bits).
  func errors(at location: String) -> [UInt32] {
    status.filter { ["ERROR", "FAILURE"].contains($0.keyword) && $0.fields.first == location }
      .compactMap { $0.fields.dropFirst().first.flatMap { UInt32($0.prefix(while: \.isNumber)) }.map { $0 & 0xffff } }
  }
}
