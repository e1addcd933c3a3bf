internal import Account
internal import ArgumentParser
internal import Bridge
internal import Packets

struct Verify: Subcommand {
  static let configuration = CommandConfiguration(
    abstract: "Make sure that a contact's key is theirs.",
    discussion: """
      Both of you call it for each other and compare the digits face to face or by telephone, where you know the voice: each types \
      what the other reads out. Who meets may as well compare the whole fingerprints, which nobody can make alike: one shows --qr, the \
      other's telephone reads it, and what it reads goes behind --code.
      """)

  @Argument(help: Help.contact)
  var contact: String

  @Option(
    help: "What the other reads out or shows: the eight digits, or the fingerprint of their key.", transform: Arguments.comparison
  )
  var code: String?

  @Flag(help: "Show your own fingerprint as a QR code too (needs the program qrencode).")
  var qr = false

  @OptionGroup var common: CommonOptions

  func run(at desk: Desk) async throws(OperationFailure) {
    if let code {
      let name = try await desk.operations.verify(contact, code: code)
      return try desk.show(AcquaintanceOutput(name: name)) { "\(Printable.line(name)) is verified." }
    }
    let comparison = try await desk.operations.comparison(with: contact)
    let name = Printable.line(comparison.name)
    try desk.show(ComparisonOutput(comparison)) {
      """
      \(comparison.code.prefix(4)) \(comparison.code.suffix(4))
      your key       \(comparison.ours.text)
      \(name)'s key  \(comparison.theirs.text)
      """
    }
    if qr { try await QRCode.show(Arguments.fingerprintScheme + comparison.ours.text, on: desk) }
    desk.say(
      comparison.isVerified
        ? "\(name) is verified."
        : "\(name) calls `socialnet verify` for you; if both see the same digits, type those that \(name) reads out behind --code."
    )
  }
}
