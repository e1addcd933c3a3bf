internal import CGPGME
private import Glibc

/// Bytes on their way into GPGME or out of it, streamed through callbacks so that neither side holds all of them.
///
/// Confined to one operation on one thread: GPGME calls back only from within the operation's event loop.
@safe struct Flow: ~Copyable {
  /// GPGME's handle.
  let data: OpaquePointer
  private let end: End
  private let callbacks: UnsafeMutablePointer<gpgme_data_cbs>

  /// Our end of the stream: reads from a spool, or writes into a new one.
  private final class End {
    let source: Spool
    let sink: SpoolWriter?
    var position = 0
    var failure: SpoolFailure?

    init(source: Spool, sink: SpoolWriter?) { (self.source, self.sink) = (source, sink) }

    static func at(_ handle: UnsafeMutableRawPointer?) -> End? {
      unsafe handle.map { unsafe Unmanaged<End>.fromOpaque($0).takeUnretainedValue() }
    }
  }

  /// Bytes that GPGME reads.
  init(from source: Spool) throws(EngineTrouble) {
    try self.init(End(source: source, sink: nil))
  }

  /// Bytes that GPGME writes; the operation fails once they are more than `sink` takes.
  init(into sink: SpoolWriter) throws(EngineTrouble) {
    try self.init(End(source: Spool([]), sink: sink))
  }

  private init(_ end: End) throws(EngineTrouble) {
    let callbacks = UnsafeMutablePointer<gpgme_data_cbs>.allocate(capacity: 1)
    unsafe callbacks.initialize(to: gpgme_data_cbs(read: Self.read, write: Self.write, seek: nil, release: nil))
    var handle: OpaquePointer?
    let error = unsafe gpgme_data_new_from_cbs(&handle, callbacks, Unmanaged.passUnretained(end).toOpaque())
    guard error == 0, let handle = unsafe handle else {
      unsafe callbacks.deallocate()
      throw .engine(error)
    }
    self.end = end
    unsafe self.callbacks = callbacks
    unsafe data = handle
    _ = unsafe gpgme_data_set_flag(handle, "io-buffer-size", "65536")  // otherwise some hundred bytes a call
  }

  deinit {
    unsafe gpgme_data_release(data)
    unsafe callbacks.deallocate()
  }

  /// What GPGME wrote so far into a sink that has not been finished, if it is little; else nothing.
  var collected: [UInt8] { (try? end.sink?.finish().bytes(limit: 64 << 10)) ?? [] }

  /// Why our end refused to give or take bytes, if it did.
  var failure: SpoolFailure? { end.failure }

  private static let read: gpgme_data_read_cb_t = { handle, buffer, size in
    guard let end = unsafe End.at(handle) else { return -1 }
    do throws(SpoolFailure) {
      let count = try unsafe end.source.copy(
        into: UnsafeMutableRawBufferPointer(start: buffer, count: size), from: end.position)
      end.position += count
      return count
    } catch {
      end.failure = error
      errno = EIO
      return -1
    }
  }

  private static let write: gpgme_data_write_cb_t = { handle, buffer, size in
    guard let end = unsafe End.at(handle), let sink = end.sink else { return -1 }
    do throws(SpoolFailure) {
      try unsafe sink.append(contentsOf: UnsafeRawBufferPointer(start: buffer, count: size))
      return size
    } catch {
      end.failure = error
      errno = EFBIG
      return -1
    }
  }
}
