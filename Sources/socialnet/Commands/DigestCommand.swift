internal import ArgumentParser
internal import Bridge
internal import Packets

struct DigestCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "digest", abstract: "Say what waits for the next digest, show it, or send it now.")

  @Flag(help: "Send what is new now.")
  var now = false

  @Option(help: ArgumentHelp("Show the digest that would be sent now.", valueName: "text|html"), transform: Arguments.word)
  var preview: DigestForm?

  @OptionGroup var common: CommonOptions

  func validate() throws {
    if now, preview != nil { throw ValidationError("Say --now or --preview, not both.") }
  }

  func run(at desk: Desk) async throws(OperationFailure) {
    if let preview {
      let text = try await desk.operations.previewDigest(preview)
      return try desk.show(PreviewOutput(form: preview.rawValue, preview: text)) { text }
    }
    if now {
      let sent = try await desk.operations.sendDigest()
      try desk.show(SentDigestOutput(sent: sent)) { "" }
      return desk.say(sent == 0 ? "There is nothing new, so nothing was sent." : "A digest of \(sent) new things is on its way.")
    }
    let digest = try await desk.operations.digest()
    try desk.show(DigestOutput(digest)) {
      let last = digest.last.map { ", since \(desk.time($0))" } ?? ""
      let next = digest.next.map { "the next digest is due \(desk.time($0))" } ?? "no digest is scheduled"
      return "\(digest.new) new thing\(digest.new == 1 ? "" : "s")\(last); \(next)."
    }
  }
}
