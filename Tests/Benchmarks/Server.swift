internal import CCurl
internal import FoundationEssentials

/// One bare libcurl handle with one connection, used again for everything.
@safe
struct Server: ~Copyable {
  /// How to get in. Stands in a file that only its owner can read.
  struct Login: Decodable {
    /// `imaps://host:port/Folder` or `smtps://host:port/name`.
    var url: String
    var user: String
    var password: String
    var authorities: String
  }

  private let handle: UnsafeMutableRawPointer

  init(_ login: Login) throws {
    guard let handle = unsafe curl_easy_init() else { throw Trouble("no memory for libcurl") }
    unsafe self.handle = handle
    unsafe scurl_set_string(handle, CURLOPT_URL, login.url)
    unsafe scurl_set_string(handle, CURLOPT_USERNAME, login.user)
    unsafe scurl_set_string(handle, CURLOPT_PASSWORD, login.password)
    unsafe scurl_set_string(handle, CURLOPT_CAINFO, login.authorities)
    unsafe scurl_set_string(handle, CURLOPT_PROXY, "")
    unsafe scurl_set_long(handle, CURLOPT_UPLOAD_BUFFERSIZE, 1 << 18)
    unsafe scurl_set_data_callback(handle, CURLOPT_WRITEFUNCTION) { _, size, count, _ in size * count }
    unsafe scurl_set_data_callback(handle, CURLOPT_READFUNCTION) { buffer, size, count, mail in
      guard let buffer = unsafe buffer, let mail = unsafe mail else { return Int(CURL_READFUNC_ABORT) }
      return unsafe Unmanaged<Mail>.fromOpaque(mail).takeUnretainedValue().fill(buffer, size * count)
    }
  }

  deinit { unsafe curl_easy_cleanup(handle) }

  /// Opens the connection, by a command that does nothing.
  borrowing func greet(_ command: String) throws {
    unsafe scurl_set_string(handle, CURLOPT_CUSTOMREQUEST, command)
    unsafe scurl_set_long(handle, CURLOPT_NOBODY, 1)
    try perform()
    unsafe scurl_set_string(handle, CURLOPT_CUSTOMREQUEST, nil)
    unsafe scurl_set_long(handle, CURLOPT_NOBODY, 0)
    unsafe scurl_set_long(handle, CURLOPT_UPLOAD, 1)
  }

  /// Appends, or where somebody is named submits, a message.
  borrowing func upload(_ bytes: [UInt8], from: String? = nil, to: String? = nil) throws {
    let mail = Mail(bytes)
    let recipients = unsafe to.flatMap { unsafe curl_slist_append(nil, $0) }
    defer { unsafe curl_slist_free_all(recipients) }
    unsafe scurl_set_string(handle, CURLOPT_MAIL_FROM, from)
    unsafe scurl_set_list(handle, CURLOPT_MAIL_RCPT, recipients)
    unsafe scurl_set_off(handle, CURLOPT_INFILESIZE_LARGE, curl_off_t(bytes.count))
    unsafe scurl_set_pointer(handle, CURLOPT_READDATA, Unmanaged.passUnretained(mail).toOpaque())
    try withExtendedLifetime(mail) { try perform() }
  }

  private borrowing func perform() throws {
    let code = unsafe curl_easy_perform(handle)
    guard code == CURLE_OK else { throw Trouble("libcurl: \(unsafe String(cString: curl_easy_strerror(code)))") }
  }

  /// Bytes on their way.
  private final class Mail {
    private let bytes: [UInt8]
    private var sent = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    @unsafe func fill(_ buffer: UnsafeMutablePointer<CChar>, _ room: Int) -> Int {
      let piece = bytes[sent..<min(bytes.count, sent + room)]
      unsafe UnsafeMutableRawBufferPointer(start: buffer, count: room).copyBytes(from: piece)
      sent += piece.count
      return piece.count
    }
  }
}
