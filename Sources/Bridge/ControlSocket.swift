internal import Account
// A dispatch source may be used from any thread, and is not marked so.
@unsafe @preconcurrency internal import Dispatch
internal import FoundationEssentials
internal import Glibc

/// Where a command tells the daemon that it committed something: one datagram, whatever is in it, means "look".
final class ControlSocket: Sendable {
  private let path: String
  private let source: any DispatchSourceRead

  /// Listens at a path, in place of whoever listened there before.
  init(at path: String, onDatagram: @escaping @Sendable () -> Void) throws(OperationFailure) {
    self.path = path
    let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
    guard descriptor >= 0 else { throw OperationFailure(.internalFault, "no socket (errno \(errno))") }
    unsafe unlink(path)
    let bound = unsafe Self.withAddress(path) { unsafe bind(descriptor, $0, $1) }
    guard bound == 0 else {
      _ = Glibc.close(descriptor)
      throw OperationFailure(
        .inputOutput, "The socket \(path) cannot be made (errno \(errno)).", remedy: "Choose a home with a shorter path.")
    }
    source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: .global())
    source.setEventHandler {
      var buffer = [UInt8](repeating: 0, count: 64)
      while unsafe recv(descriptor, &buffer, buffer.count, 0) >= 0 {}
      onDatagram()
    }
    source.setCancelHandler { _ = Glibc.close(descriptor) }
    source.resume()
  }

  /// Listens no more.
  func close() {
    source.cancel()
    unsafe unlink(path)
  }

  /// Tells the daemon, if one listens, that there is something new.
  static func ring(at path: String) {
    let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
    guard descriptor >= 0 else { return }
    defer { _ = Glibc.close(descriptor) }
    _ = unsafe withAddress(path) { address, length in unsafe sendto(descriptor, "look", 4, 0, address, length) }
  }

  private static func withAddress(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> some BinaryInteger) -> Int {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8.prefix(MemoryLayout.size(ofValue: address.sun_path) - 1))
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
    let length = socklen_t(MemoryLayout<sockaddr_un>.size)
    return unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe Int(body($0, length)) }
    }
  }
}

/// Held by the one daemon of an account for as long as it runs.
struct DaemonLock: ~Copyable {
  private let descriptor: Int32

  /// Takes the lock, or nothing where another daemon holds it.
  init?(at path: String) {
    descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return nil }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      _ = Glibc.close(descriptor)
      return nil
    }
  }

  deinit { _ = Glibc.close(descriptor) }
}
