import Account
import Feed
import Foundation
import TestMail
import Testing

@testable import Bridge

/// What the user mails back, in a real mailbox, as mail programs leave it there. Nothing is posted that was not meant, and nothing
/// twice.
@Suite(
  .serialized,
  .cast { stage in
    let mail = try TestMail.shared.get()
    let anna = try await stage.correspondent("Anna", mail)
    let ben = try await stage.correspondent("Ben", mail)
    try await ben.befriend(anna)
    return [anna, ben]
  })
struct AnswerTests {
  let stage: Stage
  let anna: Person
  let ben: Person

  init() throws { (stage, anna, ben) = try Cast.two() }

  /// Ben posts, and Anna gets a digest of it: the letter, and the posts in the order of their numbers.
  func digest(_ words: String...) async throws -> (letter: FoundMail, posts: [ItemName]) {
    var posts: [ItemName] = []
    for words in words { posts.append(.beginning(try await ben.node.post(words, photos: [], circle: nil, share: false).text)) }
    try await ben.speak()
    try await anna.run()
    let count = try await anna.node.sendDigest()
    #expect(count == words.count)
    try await anna.speak()
    return (try anna.letter("digest"), posts)
  }

  /// What Anna said below a post, and with which emoji.
  func said(on post: ItemName) async throws -> [String] {
    let (item, below) = try await anna.node.conversation(of: post)
    return below.dropFirst().filter { $0.author.name == "Anna" }.map(\.text) + item.reactions.map(\.emoji)
  }

  /// What Anna posted.
  func posted() async throws -> [String] {
    try await anna.node.feed(limit: 1000, since: nil, words: nil).filter { $0.author.name == "Anna" && $0.root == nil }.map(
      \.text)
  }

  func expect(
    _ words: [String], on post: ItemName, sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let said = try await said(on: post)
    #expect(said == words, sourceLocation: sourceLocation)
  }

  func expect(posted words: [String], sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let posted = try await posted()
    #expect(posted == words, sourceLocation: sourceLocation)
  }

  func expectNothingWaits(sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let waiting = try await anna.node.inpackets().waiting
    #expect(waiting == [], sourceLocation: sourceLocation)
  }

  /// No copy of what was dealt with, in INBOX or in Sent, leads to anything more.
  func expectNoMoreQuestions(sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let questions = try anna.letters("nonce").count + anna.letters("which").count + anna.letters("notice").count
    try await lookAgain()
    let now = try anna.letters("nonce").count + anna.letters("which").count + anna.letters("notice").count
    #expect(now == questions, sourceLocation: sourceLocation)
    try await expectNothingWaits(sourceLocation: sourceLocation)
  }

  /// The time in which words by mail can be taken back.
  func letTimePass() async throws {
    stage.pass(minutes: 11)
    try await anna.run()
  }

  // MARK: Clear words

  @Test func `an answer makes one comment, however many copies of it are seen`() async throws {
    let (letter, posts) = try await digest("Finally moved in.", "The harbour")
    let answer = anna.answer(to: letter, "1: How lovely!")
    try await anna.mail(answer)
    try await expect([], on: posts[0])
    try await anna.speak()
    #expect(try anna.letter("receipt").text.contains("How lovely!"))
    try await letTimePass()
    try await expect(["How lovely!"], on: posts[0])

    // The program sends it once more, files it once more, or gives it another name.
    try await anna.mail(answer)
    var again = answer
    again.id = "again-\(answer.id)"
    try await anna.mail(again)
    try await letTimePass()
    try await expect(["How lovely!"], on: posts[0])
    try await expect([], on: posts[1])
    try await expect(posted: [])
    // Other words are another answer.
    try await anna.mail(anna.answer(to: letter, "1: And so near!"))
    try await letTimePass()
    try await expect(["How lovely!", "And so near!"], on: posts[0])
    try await anna.speak()
    try await ben.run()
    let seen = try await ben.node.conversation(of: posts[0]).conversation.map(\.text)
    #expect(Set(seen) == ["Finally moved in.", "How lovely!", "And so near!"] && seen.count == 3)
  }

  @Test(arguments: [false, true]) func `the words of the copy that was proved count, not those of its twin`(forgedFirst: Bool)
    async throws
  {
    let (letter, posts) = try await digest("Seen by \(forgedFirst ? 1 : 2)")
    let mine = anna.answer(to: letter, "1: mine")
    // The same Message-ID and date, other words, delivered from outside.
    var forged = anna.answer(to: letter, "1: forged\n\npost: forged")
    forged.id = mine.id
    if forgedFirst { try await anna.mail(forged, in: [.inbox]) }
    try await anna.mail(mine, in: [.sent])
    if !forgedFirst { try await anna.mail(forged, in: [.inbox]) }
    for _ in 1...3 { try await letTimePass() }
    try await expect(["mine"], on: posts[0])
    try await expect(posted: [])
    #expect(try await !anna.words().contains { $0.contains("forged") })
  }

  @Test func `an emoji is a reaction, and words behind "post" go to all`() async throws {
    let (letter, posts) = try await digest("To be liked", "Not to be liked")
    try await anna.mail(anna.answer(to: letter, "1 ❤"))
    try await anna.mail(anna.answer(to: letter, "post: Hello everybody!"))
    try await anna.mail(
      anna.new(to: anna.address, subject: "Post: From a new mail").with(body: "Content-Type: text/plain\n\nWords\n"))
    try await letTimePass()
    try await expect(["❤"], on: posts[0])
    try await expect([], on: posts[1])
    try await expect(posted: ["From a new mail\n\nWords", "Hello everybody!"])
  }

  @Test func `what was posted by mail is taken back with one word before its time`() async throws {
    let (letter, posts) = try await digest("First", "Second", "Third")
    try await anna.mail(anna.answer(to: letter, "1: stays"))
    try await anna.mail(anna.answer(to: letter, "2: stopped"))
    try await anna.speak()
    try await anna.mail(anna.answer(to: anna.letter("receipt"), "stop"))
    try await anna.mail(anna.answer(to: letter, "3: undone"))
    try await anna.mail(anna.answer(to: letter, "undo"))
    try await letTimePass()
    try await expect(["stays"], on: posts[0])
    try await expect([], on: posts[1])
    try await expect([], on: posts[2])
    // What has gone out cannot be stopped any more, and that is said.
    let before = try anna.letters("notice").count
    try await anna.mail(anna.answer(to: letter, "undo"))
    try await anna.speak()
    #expect(try anna.letters("notice").count == before + 1)
    #expect(try anna.letter("notice").text.contains("Nothing waits that could be stopped"))
    try await expect(["stays"], on: posts[0])
    try await expectNoMoreQuestions()
  }

  // MARK: Unclear words

  @Test func `words without a target are asked about, and the choice settles it`() async throws {
    let (letter, posts) = try await digest("One", "Two")
    let before = try await posted()
    try await anna.mail(anna.answer(to: letter, "Which of them?"))
    try await letTimePass()
    try await anna.speak()
    let question = try anna.letter("which")
    #expect(question.text.contains("Which of them?") && question.text.contains("Two"))
    try await expect([], on: posts[0])
    try await expect([], on: posts[1])
    try await anna.mail(anna.answer(to: question, "2"))
    try await letTimePass()
    try await expect(["Which of them?"], on: posts[1])
    try await expect([], on: posts[0])
    try await expect(posted: before)

    try await anna.mail(anna.answer(to: letter, "For all my friends"))
    try await anna.speak()
    try await anna.mail(anna.answer(to: anna.letter("which"), "post"))
    try await letTimePass()
    try await expect(posted: ["For all my friends"] + before)
    try await expectNoMoreQuestions()
  }

  @Test func `who asks for help gets it once`() async throws {
    let (letter, _) = try await digest("What now?")
    let before = try anna.letters("notice").count
    try await anna.mail(anna.answer(to: letter, "help"))
    try await anna.speak()
    #expect(try anna.letters("notice").count == before + 1)
    #expect(try anna.letter("notice").text.contains("How to answer your mails"))
    try await expectNoMoreQuestions()
  }

  @Test func `at most twenty mails a day are answered with a letter`() async throws {
    let (letter, _) = try await digest("Only one")
    let before = try anna.letters("notice").count
    try anna.leave((1...22).map { anna.answer(to: letter, "\($0 + 100): a number that is not there") })
    try await anna.speak()
    #expect(try anna.letters("notice").count == before + 20)
    stage.pass(days: 1, minutes: 1)
    try anna.leave([anna.answer(to: letter, "99: on the next day")])
    try await anna.speak()
    #expect(try anna.letters("notice").count == before + 21)
    #expect(try anna.letter("notice").text.contains("There is no number 99"))
    try await expectNothingWaits()
  }

  // MARK: Proof

  /// Looks for the copy in Sent as often as is usual.
  func lookAgain() async throws {
    for seconds: Int64 in [6, 31, 121, 601] {
      stage.pass(seconds: seconds)
      try await anna.run()
    }
    try await anna.speak()
  }

  @Test func `a mail that nothing proves is asked about, and acts on "yes" alone`() async throws {
    let (letter, posts) = try await digest("Who wrote?", "Who else?", "And who?")
    let nonces = try anna.letters("nonce").count
    try await anna.mail(anna.answer(to: letter, "1: It was me"), in: [.inbox])
    try await anna.mail(anna.answer(to: letter, "2: It was not me"), in: [.inbox])
    let third = anna.answer(to: letter, "3: My program was slow")
    try await anna.mail(third, in: [.inbox])
    stage.pass(seconds: 6)
    try await anna.run()
    #expect(try anna.letters("nonce").count == nonces)
    try anna.leave([third], in: [.sent])
    try await lookAgain()
    try await letTimePass()
    try await expect(["My program was slow"], on: posts[2])
    try await expect([], on: posts[0])
    try await expect([], on: posts[1])

    let asked = try anna.letters("nonce").dropFirst(nonces)
    #expect(asked.count == 2)
    let mine = try #require(asked.first { $0.text.contains("It was me") })
    let foreign = try #require(asked.first { $0.text.contains("It was not me") })
    try await anna.mail(anna.answer(to: mine, "yes"), in: [.inbox])
    try await anna.mail(anna.answer(to: foreign, "no"), in: [.inbox])
    try await letTimePass()
    try await expect(["It was me"], on: posts[0])
    try await expect([], on: posts[1])
    try await expectNothingWaits()
  }
}
