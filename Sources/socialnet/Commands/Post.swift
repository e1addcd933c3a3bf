internal import ArgumentParser
internal import Bridge
internal import Feed

struct Post: Subcommand {
  static let configuration = CommandConfiguration(
    abstract: "Post a status, or photos, to your friends.",
    discussion: "Prints the new item's id. Without TEXT, or with -, the words are read from standard input.")

  @Argument(help: Help.words)
  var text: String?

  @Option(name: .customLong("photo"), parsing: .singleValue, help: ArgumentHelp("A picture; up to ten.", valueName: "file"))
  var photos: [String] = []

  @Option(
    name: .customLong("alt"), parsing: .unconditionalSingleValue,
    help: ArgumentHelp("What the photo before shows, for who cannot see it.", valueName: "text"))
  var alternatives: [Alternative] = []

  @Option(help: ArgumentHelp("To this circle only; `socialnet circles` shows which there are.", valueName: "name"))
  var circle: String?

  @Option(help: ArgumentHelp("Whether friends may share it with theirs.", valueName: "yes|no"), transform: Arguments.word)
  var share = YesNo.no

  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard photos.count <= 10 else { throw ValidationError("A post has at most ten photos.") }
    guard alternatives.allSatisfy({ $0.photo > 0 }) else {
      throw ValidationError("--alt stands behind the --photo that it describes.")
    }
    guard Set(alternatives.map(\.photo)).count == alternatives.count else { throw ValidationError("A photo has one --alt.") }
  }

  func run(at desk: Desk) async throws(OperationFailure) {
    let words = text == nil && !photos.isEmpty ? "" : try desk.words(text)
    let files = photos.enumerated().map { index, path in
      PhotoFile(file: desk.surroundings.file(path), alternative: alternatives.first { $0.photo == index + 1 }?.text)
    }
    let id = try await desk.operations.post(words, photos: files, circle: circle, share: share == .yes)
    try desk.show(NewItemOutput(id: id.text)) { id.text }
  }

  /// Words for a photo, and which one. The parser keeps no order between options, so it is written into them beforehand.
  struct Alternative: ExpressibleByArgument {
    let photo: Int
    let text: String

    init?(argument: String) {
      guard let colon = argument.firstIndex(of: ":"), let photo = Int(argument[..<colon]) else { return nil }
      self.photo = photo
      text = String(argument[argument.index(after: colon)...])
    }
  }

  /// Arguments in which each `--alt TEXT` says which `--photo` it stands behind: `--alt 2:TEXT`.
  static func withNumberedAlternatives(_ arguments: [String]) -> [String] {
    var numbered: [String] = []
    var photos = 0
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      if argument == "--" { return numbered + [argument] + rest }
      if argument == "--photo" || argument.hasPrefix("--photo=") { photos += 1 }
      if argument.hasPrefix("--alt=") {
        numbered.append("--alt=\(photos):\(argument.dropFirst(6))")
      } else if argument == "--alt", let text = rest.popFirst() {
        numbered += [argument, "\(photos):\(text)"]
      } else {
        numbered.append(argument)
      }
    }
    return numbered
  }
}
