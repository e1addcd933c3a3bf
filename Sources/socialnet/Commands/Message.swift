internal import ArgumentParser
internal import Bridge
internal import Feed

struct Message: Subcommand {
  static let configuration = CommandConfiguration(
    abstract: "Write to one contact, and nobody else.",
    discussion: "Prints the new item's id. Without TEXT, or with -, the words are read from standard input.")

  @Argument(help: Help.contact)
  var contact: String

  @Argument(help: Help.words)
  var text: String?

  @Option(help: ArgumentHelp("A photo, JPEG or PNG; may stand up to ten times.", valueName: "file"))
  var photo: [String] = []

  @OptionGroup var common: CommonOptions

  func run(at desk: Desk) async throws(OperationFailure) {
    let photos = photo.map { PhotoFile(file: desk.surroundings.file($0), alternative: nil) }
    let words = text == nil && !photos.isEmpty ? "" : try desk.words(text)
    let id = try await desk.operations.message(to: contact, text: words, photos: photos)
    try desk.show(NewItemOutput(id: id.text)) { id.text }
  }
}
