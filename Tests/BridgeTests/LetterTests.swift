import Feed
import TestMail
import Testing

@testable import Bridge

/// Messages, other words, and partings, on real mail.
@Suite struct LetterTests {
  @Test func `messages, other words and partings are what they were after a rebuild`() async throws {
    try await Stage.play { stage in
      let mail = try TestMail.shared.get()
      let anna = try await stage.correspondent("Anna", mail)
      let ben = try await stage.correspondent("Ben", mail)
      let carol = try await stage.correspondent("Carol", mail)
      try await anna.befriend(ben)
      try await anna.befriend(carol)
      let post = try await anna.node.post("Helo", photos: [], circle: nil, share: false)
      _ = try await carol.node.post("Carol's", photos: [], circle: nil, share: false)
      let message = try await anna.node.message(to: "ben", text: "Only you", photos: [])
      for person in [anna, carol, ben] { try await person.speak() }
      _ = try await ben.node.comment(on: .beginning(message.text), text: "And you")
      let comment = try await carol.node.comment(on: .beginning(post.text), text: "Hoho")
      try await anna.node.edit(.beginning(post.text), text: "Hello")
      for person in [ben, carol, anna] { try await person.speak() }
      try await carol.node.edit(.beginning(comment.text), text: "Ho")
      for person in [carol, anna, ben] { try await person.speak() }
      let words = ["Hello", "Ho", "Only you", "And you"]
      #expect(try await anna.words().sorted() == (words + ["Carol's"]).sorted())
      #expect(try await ben.words().sorted() == words.sorted())
      #expect(try await carol.words().sorted() == ["Carol's", "Hello", "Ho"])

      // Whoever is named by what only somebody else is, or is nobody, is told so.
      for nobody in ["Dora", "mallory@example.test"] {
        let failure = await #expect(throws: OperationFailure.self) { _ = try await anna.node.remove(nobody) }
        #expect(failure?.code == .noInput)
      }
      #expect(try await anna.node.remove("Carol") == "Carol")
      let again = await #expect(throws: OperationFailure.self) { _ = try await anna.node.remove("Carol") }
      #expect(again?.code == .badData && again?.message.contains("no contact") == true)
      _ = try await anna.node.post("Without Carol", photos: [], circle: nil, share: false)
      for person in [anna, carol] { try await person.speak() }
      #expect(try await carol.node.contacts().map(\.state) == [.removed])
      #expect(try await !carol.words().contains("Without Carol"))
      #expect(try await anna.node.block("Ben") == "Ben")
      _ = try await ben.node.post("Not for Anna", photos: [], circle: nil, share: false)
      for person in [ben, anna] { try await person.speak() }
      #expect(try await !anna.words().contains("Not for Anna"))
      try await anna.expect(refused: ["signer: the signer is blocked"])

      // What had been let in is let in again, whatever its sender has become since.
      for person in [anna, ben, carol] {
        let before = try await View(of: person)
        let after = try await person.rebuiltView()
        #expect(after == before, "\(person.name): \(after.difference(from: before))")
      }
    }
  }
}
