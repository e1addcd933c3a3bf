import Account
import Feed
import TestMail
import Testing

@testable import Bridge

/// People whom the tests of a suite share, one test after the other: to make them takes longer than most tests.
struct Cast: SuiteTrait, TestScoping {
  /// Where they play.
  @TaskLocal static var stage: Stage?
  @TaskLocal static var people: [Person] = []

  let make: @Sendable (Stage) async throws -> [Person]

  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    try await Stage.play { stage in
      let people = try await make(stage)
      try await Self.$stage.withValue(stage) { try await Self.$people.withValue(people) { try await function() } }
    }
  }

  /// The stage on a new day, for limits that hold for a day, and two of its people.
  static func two() throws -> (stage: Stage, Person, Person) {
    let stage = try #require(stage)
    stage.pass(days: 1, minutes: 1)
    return (stage, try #require(people.first), try #require(people.dropFirst().first))
  }
}

extension Trait where Self == Cast {
  /// These people, who stay the same for the whole suite.
  static func cast(_ make: @escaping @Sendable (Stage) async throws -> [Person]) -> Cast { Cast(make: make) }
}

extension Stage {
  /// Anna with a friend, a pending request, and a conversation with pictures, all of it handed over and in her folder.
  func acquaintances() async throws -> (anna: Person, ben: Person, carol: Person) {
    let mail = try TestMail.shared.get()
    let anna = try await correspondent("Anna", mail)
    let ben = try await correspondent("Ben", mail)
    let carol = try await correspondent("Carol", mail)
    try await ben.befriend(anna)
    // An invitation for another address: Carol has to be decided about.
    let link = try await anna.node.invite(address: EmailAddress("nobody@example.test"), name: nil).link
    _ = try await carol.node.accept(try InvitationLink.read(link))
    try await carol.speak()
    let photo = PhotoFile(file: try photo(), alternative: "masts")
    let harbour = try await ben.node.post("The harbour", photos: [photo], circle: nil, share: false)
    try await ben.speak()
    let status = try await anna.node.post("Finally moved in.", photos: [photo], circle: nil, share: false)
    try await anna.speak()
    _ = try await anna.node.comment(on: .beginning(harbour.text), text: "I see masts")
    _ = try await anna.node.react(to: .beginning(harbour.text), emoji: ["❤"])
    try await anna.speak()
    try await ben.run()
    _ = try await ben.node.comment(on: .beginning(status.text), text: "How lovely!")
    let gone = try await ben.node.post("To be taken back", photos: [], circle: nil, share: false)
    try await ben.speak()
    try await anna.run()
    try await ben.node.retract(.beginning(gone.text))
    try await ben.exchange(with: anna)
    _ = try await anna.node.sendDigest()
    try await anna.speak()
    return (anna, ben, carol)
  }
}
