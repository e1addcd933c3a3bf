/// What is said while libcurl logs in or hands a mail over. Lives on the sender's thread, longer than libcurl's call that holds a pointer to it.
final class Exchange {
  private var file: ReadingFile?
  private var left: Int
  private let size: Int
  private var fileFailure: FileFailure?
  private var lines: [String] = []
  private var isLastLine = true
  private var isAnswerToBody = false

  init(file: consuming ReadingFile?, size: Int) {
    self.file = file
    self.size = size
    left = size
  }

  /// The server's last reply, all its lines.
  var reply: String { String(lines.joined(separator: " ").prefix(300)) }

  private var replyCode: Int { lines.last.flatMap { Int($0.prefix(3)) } ?? 0 }

  /// Takes in one line of the server's.
  func hear(_ line: [UInt8]) {
    let words = String(decoding: line.prefix(1000).filter { $0 >= 32 && $0 != 127 }, as: UTF8.self)
    // The answer to libcurl's QUIT after a refusal tells nothing (RFC 5321 4.1.1.10).
    guard !words.hasPrefix("221") else { return }
    if isLastLine { lines = [] }
    // RFC 5321 4.2.1: a hyphen after the code says that more lines follow.
    isLastLine = words.utf8.dropFirst(3).first != UInt8(ascii: "-")
    isAnswerToBody = left == 0 && size > 0
    if lines.count < 20 { lines.append(words) }
  }

  /// The mail's next bytes; empty at its end, nothing where the file fails.
  func next(atMost limit: Int) -> [UInt8]? {
    guard left > 0 else { return [] }
    do throws(FileFailure) {
      let piece = try file?.read(atMost: min(limit, left)) ?? []
      left -= piece.count
      return piece
    } catch {
      fileFailure = error
      return nil
    }
  }

  /// Why the conversation failed, the server's words included.
  func failure(_ failure: ConnectionFailure) -> ConnectionFailure {
    if let fileFailure { return .files(fileFailure) }
    // RFC 5321 3.1 and 3.8: a server may refuse to talk, and may end a conversation at any time; the words say why.
    if case .protocolViolation(let name, _) = failure, !isAnswerToBody, (400..<600).contains(replyCode) {
      return .closed(server: name, said: reply)
    }
    guard case .loginRefused(let name, _) = failure else { return failure }
    // RFC 4954 6 and RFC 5530 3: a 4yz answer to AUTH, or UNAVAILABLE, says nothing about the credentials.
    let isTemporary = (400..<500).contains(replyCode) || reply.contains("[UNAVAILABLE]")
    return isTemporary ? .closed(server: name, said: reply) : .loginRefused(server: name, said: reply)
  }

  /// Whose fault it is.
  func judge(_ failure: ConnectionFailure) -> Submission {
    if case .unreachable(let server, _) = failure {
      switch replyCode {
      // RFC 4954 6: these are about the login, not about this mail.
      case 530, 534, 535, 538: return .failed(.loginRefused(server: server, said: reply))
      case 400..<500: return .deferred(reply: reply)
      case 500..<600: return .refused(reply: reply)
      default: break
      }
    }
    if case .protocolViolation = failure, isAnswerToBody {
      if (400..<500).contains(replyCode) { return .deferred(reply: reply) }
      if (500..<600).contains(replyCode) { return .refused(reply: reply) }
    }
    guard left < size, fileFailure == nil else { return .failed(failure) }
    return left == 0 && !isAnswerToBody ? .ambiguous(failure) : .cut(failure)
  }
}
