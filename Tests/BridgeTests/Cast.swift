import Testing

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
