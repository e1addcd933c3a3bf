internal import Account
internal import Bridge

/// The three streams of the command: data goes to standard output, words to standard error.
struct Console: Sendable {
  /// Writes data.
  var write: @Sendable ([UInt8]) throws(OperationFailure) -> Void
  /// Says words.
  var say: @Sendable (String) -> Void
  /// Reads standard input to its end; nothing where it holds more than so many bytes.
  var readAll: @Sendable (Int) throws(OperationFailure) -> [UInt8]?
  /// Reads a line; nothing at the end.
  var readLine: @Sendable () -> String?
  /// Reads a line that is not shown while it is typed.
  var readSecret: @Sendable () -> Secret<String>?
  /// Whether a person can be asked: standard input and standard error are a terminal.
  var isInteractive: Bool
  /// Whether somebody watches standard error.
  var isWatched: Bool

  /// Those of this process.
  static var process: Console {
    Console(
      write: { bytes throws(OperationFailure) in
        do throws(DiskFailure) { try StandardStream.output.write(bytes) } catch { throw OperationFailure(error) }
      },
      say: { words in try? StandardStream.error.write(Array(words.utf8)) },
      readAll: { limit throws(OperationFailure) in
        do throws(DiskFailure) { return try StandardStream.input.readAll(limit: limit) } catch { throw OperationFailure(error) }
      },
      readLine: { Swift.readLine(strippingNewline: true) },
      readSecret: { Terminal.readSecret() },
      isInteractive: StandardStream.input.isTerminal && StandardStream.error.isTerminal,
      isWatched: StandardStream.error.isTerminal)
  }
}
