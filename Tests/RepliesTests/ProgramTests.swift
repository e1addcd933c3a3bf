import MIME
import Replies
import Testing

/// Answers as the mail programs of the world write them (Fixtures/README.md).
struct ProgramTests {
  static let programs = [
    "thunderbird", "thunderbird-html", "gmail", "gmail-html", "ios", "ios-html", "outlook", "outlook-html", "mutt",
  ]
  let letters: Letters

  init() throws { letters = try Letters() }

  @Test(arguments: programs) func `words above a digest go where their numbers say, and nothing else goes`(program: String) throws
  {
    let understood = letters.understood(try Letters.mail("\(program)-digest-top"))
    #expect(understood.summary == ["2: Where is that? It looks like home.\n\nI want to see it next summer.", "1 ❤"])
  }

  @Test(arguments: programs) func `words under the items of a digest go to them, and nothing else goes`(program: String) throws {
    let understood = letters.understood(try Letters.mail("\(program)-digest-under"))
    #expect(understood.summary == ["1: We bring bread and salt.", "2 ❤", "3: Otto is a fine name.\n\nOurs is called Emma."])
  }

  @Test(arguments: programs) func `words above a quoted item are a comment, and nothing else is`(program: String) throws {
    let understood = letters.understood(try Letters.mail("\(program)-item-top"))
    #expect(understood.summary == ["1: Thank you, I will try the fridge."])
  }

  @Test(arguments: programs) func `words below a quoted item are a comment, and nothing else is`(program: String) throws {
    let understood = letters.understood(try Letters.mail("\(program)-item-under"))
    #expect(understood.summary == ["1: Thank you, I will try the fridge.\n\nDoes he like jazz?"])
  }
}
