internal import CCurl
internal import Glibc

/// One libcurl easy handle: freed with its owner, and with it the connections it holds.
@safe
struct CurlHandle: ~Copyable {
  private let handle: OpaquePointer
  /// libcurl writes its own words about a failure here.
  private let words: UnsafeMutablePointer<CChar>

  /// OpenSSL writes to sockets with `write`, and a peer that is gone must be an error there, not the end of the process.
  private static let brokenPipesAreErrors: Void = { _ = signal(SIGPIPE, SIG_IGN) }()

  /// A handle without settings, or nothing where memory is short.
  init?() {
    _ = Self.brokenPipesAreErrors
    guard let handle = unsafe curl_easy_init() else { return nil }
    unsafe self.handle = OpaquePointer(handle)
    unsafe words = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
    unsafe words.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    unsafe scurl_set_pointer(raw, CURLOPT_ERRORBUFFER, words)
  }

  deinit {
    unsafe curl_easy_cleanup(UnsafeMutableRawPointer(handle))
    unsafe words.deallocate()
  }

  /// For calls that have no wrapper here. Never outlives the handle.
  var raw: UnsafeMutableRawPointer { unsafe UnsafeMutableRawPointer(handle) }

  /// Sets an option that takes text.
  func set(_ option: CURLoption, _ text: String) { unsafe scurl_set_string(raw, option, text) }

  func set(_ option: CURLoption, _ number: Int) { unsafe scurl_set_long(raw, option, number) }

  /// Who logs in, should a login be needed.
  func authenticate(_ user: String, _ secret: LoginSecret) {
    set(CURLOPT_USERNAME, user)
    switch secret {
    case .password(let password): set(CURLOPT_PASSWORD, password)
    case .bearer(let token): set(CURLOPT_XOAUTH2_BEARER, token)
    }
  }

  /// What every conversation with a mail server needs: where, and TLS as it must be.
  func configure(_ settings: ConnectionSettings) {
    let server = settings.server
    set(CURLOPT_PROTOCOLS_STR, "imap,imaps,smtp,smtps")
    set(CURLOPT_NOSIGNAL, 1)
    set(CURLOPT_CONNECTTIMEOUT, settings.patience)
    // A proxy named by the environment is used, but never towards this machine itself.
    if server.isLoopback { set(CURLOPT_PROXY, "") }
    set(CURLOPT_TCP_NODELAY, 1)
    // A NAT that forgets the connection is noticed within minutes: after 2 minutes of silence a probe each half minute.
    set(CURLOPT_TCP_KEEPALIVE, 1)
    set(CURLOPT_TCP_KEEPIDLE, 120)
    set(CURLOPT_TCP_KEEPINTVL, 30)
    set(CURLOPT_USE_SSL, server.protection == .startTLS ? Int(CURLUSESSL_ALL.rawValue) : Int(CURLUSESSL_NONE.rawValue))
    set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
    set(CURLOPT_SSL_VERIFYPEER, 1)
    set(CURLOPT_SSL_VERIFYHOST, 2)
    switch settings.trust {
    case .system: break
    // OpenSSL looks into the system's folder of authorities besides the file.
    case .systemAnd(let file): set(CURLOPT_CAINFO, file)
    }
    if let pin = settings.pinnedKey { set(CURLOPT_PINNEDPUBLICKEY, pin) }
  }

  /// Runs what was configured. On failure gives libcurl's code.
  func perform() -> CURLcode { unsafe curl_easy_perform(raw) }

  /// Lets `wakeUp` end ``perform()``; libcurl asks about once a second. The caller keeps `wakeUp` alive as long as the handle.
  func abort(when wakeUp: WakeUp) {
    unsafe scurl_set_pointer(raw, CURLOPT_XFERINFODATA, Unmanaged.passUnretained(wakeUp).toOpaque())
    unsafe scurl_set_progress_callback(raw) { context, _, _, _, _ in
      guard let context = unsafe context else { return 0 }
      return unsafe Unmanaged<WakeUp>.fromOpaque(context).takeUnretainedValue().raised ? 1 : 0
    }
    set(CURLOPT_NOPROGRESS, 0)
  }

  /// The connection's socket, to wait for it; nothing where there is none.
  var socket: Int32? {
    var socket = curl_socket_t(-1)
    guard unsafe scurl_get_socket(raw, &socket) == CURLE_OK, socket >= 0 else { return nil }
    return socket
  }

  /// libcurl's words about a code.
  func words(for code: CURLcode) -> String {
    let own = unsafe String(cString: words)
    return own.isEmpty ? unsafe String(cString: curl_easy_strerror(code)) : own
  }

  /// What a code of libcurl means for the conversation.
  func failure(_ code: CURLcode, at server: MailServer) -> ConnectionFailure {
    let name = server.address
    return switch code {
    case CURLE_LOGIN_DENIED: .loginRefused(server: name, said: "")
    case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR,
      CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_CRL_BADFILE, CURLE_SSL_PINNEDPUBKEYNOTMATCH:
      .certificate(server: name, said: words(for: code))
    case CURLE_USE_SSL_FAILED: .noStartTLS(server: name)
    case CURLE_OPERATION_TIMEDOUT: .timedOut(server: name)
    case CURLE_WEIRD_SERVER_REPLY, CURLE_SSL_CONNECT_ERROR: .protocolViolation(server: name, said: words(for: code))
    case CURLE_ABORTED_BY_CALLBACK: .cancelled
    default: .unreachable(server: name, said: words(for: code))
    }
  }
}
