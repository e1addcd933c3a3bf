import Dispatch
import Glibc
import Synchronization

/// A server on loopback that plays its part from a script, one list of lines for each connection. What does not fit is complained about.
final class ScriptedServer: Sendable {
  enum Line: Sendable {
    /// Says this, with CRLF.
    case say(String)
    /// Says exactly these bytes.
    case raw(String)
    /// Hears a line that begins so.
    case hear(String)
    /// Hears a mail up to its final dot, and keeps it.
    case hearMail
    /// Says nothing more until the client goes.
    case fallSilent
  }

  let port: UInt16
  private let listener: Int32
  private let notes = Mutex<(complaints: [String], mails: [String])>(([], []))

  /// What the client did against the script.
  var complaints: [String] { notes.withLock { $0.complaints } }
  /// Mails as they came over the wire, dots still doubled.
  var mails: [String] { notes.withLock { $0.mails } }

  init(_ conversations: [[Line]]) {
    signal(SIGPIPE, SIG_IGN)
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let listener = listener
    unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        _ = unsafe bind(listener, pointer, length)
        _ = unsafe getsockname(listener, pointer, &length)
      }
    }
    port = UInt16(bigEndian: address.sin_port)
    listen(listener, 8)
    DispatchQueue(label: "scripted server").async { [self] in
      for conversation in conversations {
        let client = accept(listener, nil, nil)
        guard client >= 0 else { return }
        play(conversation, client)
        close(client)
      }
    }
  }

  deinit { close(listener) }

  private func play(_ lines: [Line], _ client: Int32) {
    var unread: [UInt8] = []
    for line in lines {
      switch line {
      case .say(let words): send(words + "\r\n", client)
      case .raw(let words): send(words, client)
      case .hear(let beginning):
        let heard = nextLine(client, &unread)
        if heard?.hasPrefix(beginning) != true {
          notes.withLock { $0.complaints.append("heard \(heard ?? "nothing") in place of \(beginning)") }
          return
        }
      case .hearMail:
        var mail = ""
        while let heard = nextLine(client, &unread), heard != "." { mail += heard + "\r\n" }
        notes.withLock { $0.mails.append(mail) }
      case .fallSilent:
        while nextLine(client, &unread) != nil {}
      }
    }
  }

  private func send(_ words: String, _ client: Int32) {
    let bytes = Array(words.utf8)
    _ = unsafe bytes.withUnsafeBytes { unsafe write(client, $0.baseAddress, $0.count) }
  }

  private func nextLine(_ client: Int32, _ unread: inout [UInt8]) -> String? {
    while true {
      if let end = unread.firstIndex(of: 10) {
        defer { unread.removeSubrange(...end) }
        return String(decoding: unread[..<end].filter { $0 != 13 }, as: UTF8.self)
      }
      var buffer = [UInt8](repeating: 0, count: 65536)
      let count = unsafe read(client, &buffer, buffer.count)
      guard count > 0 else { return nil }
      unread += buffer[..<count]
    }
  }
}
