import Account
import Feed
import Foundation
import Packets
import TestMail
import Testing

@testable import Bridge

/// What is wrong between an account and its servers: one sentence that says what to do, with its exit code, wherever one meets it.
@Suite struct TroubleTests {
  /// One thing that is wrong with the settings.
  struct Trouble: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let code: OperationFailure.ExitCode
    let words: String
    let make: @Sendable (inout Configuration, Stage, TestMail) throws -> Void
  }

  static let troubles = [
    Trouble(testDescription: "a wrong password", code: .refused, words: "refuses the login") { settings, stage, _ in
      try Data("wrong\n".utf8).write(to: stage.path("wrong"))
      settings.login = .init(source: .file(stage.path("wrong")))
    },
    Trouble(testDescription: "no password", code: .refused, words: "cannot be read") { settings, stage, _ in
      settings.login = .init(source: .file(stage.path("nothing")))
    },
    Trouble(testDescription: "a password command that fails", code: .refused, words: "ended with code 3") { settings, _, _ in
      settings.login = .init(source: .shell("echo secret; exit 3"))
    },
    Trouble(testDescription: "nobody there", code: .unavailable, words: "cannot be reached") { settings, _, _ in
      settings.imap = try ServerURL("imap+plain://127.0.0.1:1")
    },
    Trouble(testDescription: "no such host", code: .unavailable, words: "cannot be reached") { settings, _, _ in
      settings.imap = try ServerURL("imaps://nobody.invalid")
    },
    Trouble(testDescription: "a certificate of an unknown authority", code: .unavailable, words: "not to be trusted") {
      settings, _, mail in settings.imap = try ServerURL("imaps://localhost:\(mail.port("IMAPS_PORT"))")
    },
    Trouble(testDescription: "another certificate than the pinned one", code: .unavailable, words: "not to be trusted") {
      settings, _, mail in
      settings.imap = try ServerURL("imaps://localhost:\(mail.port("IMAPS_PORT"))")
      settings.tls = .init(
        caFile: mail.variables["CA_FILE"].map { URL(filePath: $0) },
        pinnedCertificate: "sha256//\(String(repeating: "A", count: 43))=")
    },
    Trouble(testDescription: "authorities that are not there", code: .configuration, words: "holds no certificates") {
      settings, stage, _ in settings.tls.caFile = stage.path("nothing.pem")
    },
    Trouble(testDescription: "authorities that are none", code: .configuration, words: "holds no certificates") {
      settings, stage, _ in
      try Data("a text".utf8).write(to: stage.path("text.pem"))
      settings.tls.caFile = stage.path("text.pem")
    },
  ]

  @Test func `a disk that does not give a file back is no fault of the program`() throws {
    let failure = OperationFailure(HashFailure.unreadable(path: "a picture", errno: EIO))
    #expect(failure.code == .inputOutput && failure.sentence.contains("a picture cannot be read"))
  }

  private static func expect(_ failure: OperationFailure?, _ trouble: Trouble, at place: SourceLocation = #_sourceLocation) {
    let sentence = failure?.sentence ?? ""
    #expect(failure?.code == trouble.code, "\(sentence)", sourceLocation: place)
    #expect(sentence.contains(trouble.words) && !sentence.contains("\n"), "\(sentence)", sourceLocation: place)
    #expect(failure?.remedy.isEmpty == false, "\(sentence)", sourceLocation: place)
    #expect(!sentence.contains("secret"), sourceLocation: place)
  }

  @Test func `what is wrong with a server is said by run and by doctor, with a remedy, and mended by the settings alone`()
    async throws
  {
    try await Stage.play { stage in
      let mail = try TestMail.shared.get()
      let anna = try await stage.correspondent("Anna", mail)
      let good = try anna.configuration
      for trouble in Self.troubles {
        try anna.change {
          $0 = good
          try? trouble.make(&$0, stage, mail)
        }
        #expect(try anna.configuration != good, "\(trouble.testDescription)")
        Self.expect(await #expect(throws: OperationFailure.self) { try await anna.run() }, trouble)
        let check = try #require(await anna.node.doctor().first { $0.result == .fail }, "\(trouble.testDescription)")
        Self.expect(OperationFailure(check.code, check.said, remedy: check.remedy), trouble)
      }
      try anna.change { $0 = good }
      // A refused login rests in one process; this is another.
      try await anna.run()
      #expect(await anna.node.doctor().allSatisfy { $0.result != .fail })
    }
  }

  @Test(arguments: troubles) func `setup with wrong settings writes nothing`(trouble: Trouble) async throws {
    try await Stage.play { stage in
      let mail = try TestMail.shared.get()
      let anna = Person("Anna", on: stage, directory: nil, user: nil)
      let address = try #require(EmailAddress("\(try mail.newUser())@example.test"))
      let nobody = try #require(Fingerprint(bytes: [UInt8](repeating: 0, count: 20)))
      var settings = Configuration(
        account: .init(name: "Anna", address: address, endpoint: .mail(address), key: nobody))
      settings.imap = try ServerURL("imap+plain://127.0.0.1:\(mail.port("IMAP_PORT"))")
      settings.smtp = try ServerURL("smtp+plain://127.0.0.1:\(mail.port("SUBMISSION_PORT"))")
      settings.login = .init(source: .shell("echo \(TestMail.password)"))
      try trouble.make(&settings, stage, mail)
      let plan = SetupPlan(
        name: "Anna",
        transport: .mail(
          .init(
            address: address, imap: try #require(settings.imap), smtp: try #require(settings.smtp),
            password: .source(try #require(settings.login).source), tls: settings.tls)))
      Self.expect(
        await #expect(throws: OperationFailure.self) { try await anna.node.setUp(plan, progress: .none) }, trouble)
      #expect(!FileManager.default.fileExists(atPath: anna.layout.configuration.path))
      #expect(!FileManager.default.fileExists(atPath: anna.layout.database.path))
    }
  }

  @Test func `a full mailbox is said with what to do, and nothing is lost that waits for it`() async throws {
    try await Stage.play { stage in
      let mail = try TestMail(options: ["--quota", "120k"])
      let anna = try await stage.correspondent("Anna", mail)
      let user = try #require(anna.user)
      try await anna.run()
      try mail.outside(user, "append", "INBOX", input: "Subject: large\n\n" + String(repeating: "0123456789\n", count: 9500))
      for number in 1...3 {
        _ = try await anna.node.post(
          "\(number) \(String(repeating: "words ", count: 1000))", photos: [], circle: nil, share: false)
        try await anna.run()
      }
      let waiting = try await anna.node.outpackets().waiting
      #expect(
        !waiting.isEmpty && waiting.allSatisfy { $0.lastReply.lowercased().contains("quota") || $0.lastReply.contains("full") })
      // Within ten minutes it may mend itself; then doctor says so.
      stage.pass(minutes: 11)
      let check = try #require(await anna.node.doctor().first { $0.name == "journal" })
      #expect(check.result == .warn && check.remedy.contains("full"))

      try mail.outside(user, "delete", "INBOX", "1")
      stage.pass(minutes: 60)
      try await anna.run()
      #expect(try await anna.node.outpackets().waiting.isEmpty)
      #expect(await anna.node.doctor().allSatisfy { $0.name != "journal" })
    }
  }

  @Test func `a key that cannot be taken, and a photo that is not there, are told from faults of the program`() async throws {
    try await Stage.play { stage in
      let anna = try await stage.neighbour("Anna")
      let photo = PhotoFile(file: stage.path("nothing.jpg"), alternative: nil)
      let missing = await #expect(throws: OperationFailure.self) {
        try await anna.node.post("", photos: [photo], circle: nil, share: false)
      }
      #expect(missing?.code == .noInput && missing?.remedy.isEmpty == false, "\(missing?.sentence ?? "")")
      try Data("no picture".utf8).write(to: photo.file)
      let wrong = await #expect(throws: OperationFailure.self) {
        try await anna.node.post("", photos: [photo], circle: nil, share: false)
      }
      #expect(wrong?.code == .badData && wrong?.remedy.isEmpty == false, "\(wrong?.sentence ?? "")")

      let (old, odd) = (try OwnKeyTests.Keys(stage, "old"), try OwnKeyTests.Keys(stage, "odd"))
      defer { for keys in [old, odd] { keys.end() } }
      let expired = try old.make("ed25519", "cert,sign", subkeys: [("cv25519", "encr")])
      try old.gpg("--quick-set-expire", expired.text, "seconds=1")
      let unfit = try odd.make("ed25519", "cert", subkeys: [("cv25519", "encr")])
      let unknown = try #require(Fingerprint(text: String(repeating: "AB", count: 20)))
      let deadline = ContinuousClock.now + .seconds(30)
      while try old.gpg("--with-colons", "--list-keys", expired.text).contains("pub:u"), ContinuousClock.now < deadline {
        try await Task.sleep(for: .milliseconds(100))
      }
      let cases: [(Fingerprint, OwnKeyTests.Keys, OperationFailure.ExitCode)] = [
        (unknown, odd, .noInput), (expired, old, .badData), (unfit, odd, .badData),
      ]
      for (number, (key, keys, code)) in cases.enumerated() {
        let failure = await #expect(throws: OperationFailure.self) {
          try await stage.neighbour("Ben\(number)") { plan in
            plan.key = .own(key)
            plan.gnupgHome = keys.home
          }
        }
        #expect(failure?.code == code && failure?.remedy.isEmpty == false, "\(failure?.sentence ?? "")")
      }
    }
  }
}
