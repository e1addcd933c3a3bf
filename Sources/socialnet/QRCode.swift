internal import Bridge
internal import Subprocess

/// A picture that a telephone can read, drawn on the terminal by the program `qrencode`.
enum QRCode {
  /// Shows a text. It goes to the program by its standard input: a command line can be read by everybody on the machine.
  static func show(_ text: String, on desk: Desk) async throws(OperationFailure) {
    let drawn: String
    do {
      let result = try await Subprocess.run(
        .name("qrencode"), arguments: ["-t", "UTF8", "-m", "2"],
        environment: .custom(["PATH": desk.surroundings.environment["PATH"] ?? ""]),
        input: .string(text), output: .string(limit: 1 << 20), error: .discarded)
      guard case .exited(0) = result.terminationStatus else {
        throw OperationFailure(.unavailable, "qrencode could not draw it", remedy: "use the text itself")
      }
      drawn = result.standardOutput
    } catch let failure as OperationFailure {
      throw failure
    } catch {
      throw OperationFailure(.unavailable, "the program qrencode is not there", remedy: "install it, or use the text itself")
    }
    desk.say(drawn)
  }
}
