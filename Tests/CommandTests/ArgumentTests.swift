import Testing

@testable import socialnet

@Suite struct ArgumentTests {
  @Test(arguments: [
    (["post", "Hello"], "post [Hello] [] everyone share false"),
    (["post", "--share", "yes", "--circle", "family", "Hello"], "post [Hello] [] family share true"),
    (["post", "--", "-5 degrees"], "post [-5 degrees] [] everyone share false"),
    (["post", "-"], "post [typed\nwords] [] everyone share false"), (["post"], "post [typed\nwords] [] everyone share false"),
    (
      ["post", "--photo", "a.jpg", "--photo", "/b.jpg", "--alt", "a dog"],
      "post [] [\"/here/a.jpg=none\", \"/b.jpg=a dog\"] everyone share false"
    ),
    (["post", "x", "--photo=~/a.jpg", "--alt=1: one"], "post [x] [\"/home/anna/a.jpg=1: one\"] everyone share false"),
    (
      ["post", "x", "--photo", "a", "--alt", "--dashes", "--photo", "b"],
      "post [x] [\"/here/a=--dashes\", \"/here/b=none\"] everyone share false"
    ),
    (["comment", "#2", "nice"], "comment number(2) [nice]"),
    (["comment", "AB12", "-"], "comment beginning(\"ab12\") [typed\nwords]"),
    (["react", "ab", "❤", "🎉"], "react beginning(\"ab\") [\"❤\", \"🎉\"]"),
    (["react", "ab", "--none"], "react beginning(\"ab\") []"),
    (["retract", "0123456789abcdef"], "retract beginning(\"0123456789abcdef\")"),
    (["feed"], "feed 20 ever all"), (["feed", "--limit", "3", "--search", "two words"], "feed 3 ever two words"),
    (["feed", "--since", "7d"], "feed 20 2026-11-14T14:00:00.000Z all"),
    (["feed", "--since", "2026-11-20"], "feed 20 2026-11-19T23:00:00.000Z all"),
    (["feed", "--since", "2026-11-20T07:00"], "feed 20 2026-11-20T06:00:00.000Z all"),
    (["feed", "--since", "2026-11-20T07:00:00Z"], "feed 20 2026-11-20T07:00:00.000Z all"),
    (["invite"], "invite nobody nameless"), (["invite", "jo@example.net", "--name", "Jo"], "invite jo@example.net Jo"),
    (["accept", "0193"], "accept request 0193"), (["decline", "0193"], "decline 0193"),
    (["verify", "ben"], "compare with ben"), (["verify", "ben", "--code", "0720 4871"], "verify ben by 07204871"),
    (
      ["verify", "ben", "--code", String(repeating: "abCD ", count: 10)],
      "verify ben by \(String(repeating: "ABCD", count: 10))"
    ),
    (
      ["verify", "ben", "--code", "openpgp4fpr:" + String(repeating: "abCD", count: 10)],
      "verify ben by \(String(repeating: "ABCD", count: 10))"
    ),
    (["revoke", "--yes"], "revoke by its own"), (["revoke", "--yes", "--certificate", "x.rev"], "revoke by /here/x.rev"),
    (["unfreeze", "ben"], "unfreeze ben"), (["key", "change", "--yes"], "change key"),
    (
      ["move", "anna@new.example", "mailto:b@new.example", "file:///srv/in"],
      "move to [\"mailto:anna@new.example\", \"mailto:b@new.example\", \"file:///srv/in\"]"
    ),
    (["profile", "set", "city", ""], "set city []"),
    (["outpackets", "retry", "41"], "retry 41"), (["outpackets", "drop", "42"], "drop 42"),
    (["digest", "--now"], "send digest"), (["digest", "--preview", "html"], "preview html"), (["run", "--once"], "run once"),
    (["run"], "run on"),
    (["--home", "/x", "--verbose", "notices"], "notices"), (["notices", "--home", "/x", "--verbose"], "notices"),
  ]) func `arguments become one operation`(arguments: [String], operation: String) async throws {
    var stage = try Stage()
    stage.input = "typed\nwords\n"
    let outcome = await stage.run(arguments)
    #expect(outcome.asked == [operation])
    #expect(outcome.code == 0, "\(outcome.errors)")
  }

  @Test(arguments: [
    (["nonsense"], "a subcommand that is none"), (["feed", "--nonsense"], "an option that is none"),
    (["feed", "--limit", "0"], "no limit"),
    (["feed", "--limit", "many"], "no number"), (["feed", "--since", "yesterday"], "no moment"), (["show"], "no item"),
    (["show", "xyz"], "no hex digits"), (["show", "#0"], "numbers begin with 1"),
    (["show", "0123456789abcdef0"], "too long an id"),
    (["react", "ab"], "no emoji"), (["react", "ab", "--none", "❤"], "both"),
    (["invite", "Jo <jo@example.net>"], "no bare address"),
    (["outpackets", "retry", "x"], "no number"), (["digest", "--preview", "pdf"], "no form"),
    (["digest", "--preview", "html", "--now"], "both"), (["post", "x", "--alt", "dog"], "no photo before"),
    (["post", "x", "--photo", "a", "--alt", "b", "--alt", "c"], "two for one photo"),
    (["post", "x", "--share", "perhaps"], "yes or no"),
    (["post", "x"] + Array(repeating: ["--photo", "a"], count: 11).joined(), "eleven photos"),
    (["comment", "ab", "x", "y"], "too many words"),
    (["verify", "ben", "--code", "1234567"], "seven digits"), (["verify", "ben", "--code", "1234567a"], "a letter"),
    (["verify", "ben", "--code", "OPENPGP4FPR:12345678"], "digits for a fingerprint"),
    (["verify", "ben", "--code", "١٢٣٤٥٦٧٨"], "digits of another script"),
    (["move"], "nowhere"), (["move", "https://example.org"], "nothing that is reached"),
    (["revoke"], "nobody to ask whether it is meant"),
    (["setup", "not an address", "--name", "A"], "no address"),
    (["setup", "file://host/x", "--name", "A"], "no local directory"),
    (["setup", "a@b", "--name", "A", "--imap", "imap://x"], "no protection said"),
    (["setup", "a@b", "--name", "A", "--imap", "imap+plain://example.org"], "in the clear"),
    (["setup", "a@b", "--password-command", "x", "--password-file", "y"], "two passwords"),
    (["setup", "a@b", "--key", "AB"], "no fingerprint"),
    (["setup", "a@b", "--undo", "10 minutes"], "no span"), (["setup", "a@b", "--digest", "sometimes"], "no schedule"),
    (["setup", "a@b", "--gnupg-home", "/x"], "a home without a key"),
  ]) func `a wrong command line is refused in one sentence`(arguments: [String], why: String) async throws {
    let outcome = try await Stage().run(arguments)
    #expect(outcome.code == 64, "\(why): \(outcome.errors)")
    #expect(outcome.asked.isEmpty, "\(why)")
    #expect(outcome.output.isEmpty, "\(why)")
    #expect(outcome.errors.split(separator: "\n").count == 1, "\(why): \(outcome.errors)")
    #expect(outcome.errors.hasPrefix("socialnet: "), "\(why)")
    let json = try await Stage().run(arguments + ["--json"])
    #expect(json.errors.contains("\"code\" : 64"), "\(why)")
  }

  @Test func `help is data`() async throws {
    let root = try await Stage().run("--help")
    #expect(root.code == 0)
    #expect(root.output.contains("setup"))
    let post = try await Stage().run("post", "--help")
    #expect(post.output.contains("--photo <file>"))
    #expect(try await Stage().run().output == root.output)
    #expect(try await Stage().run("--version").output == "0.1.0\n")
  }

  @Test func `words that are no text are refused`() async throws {
    var stage = try Stage()
    stage.input = String(repeating: "a", count: 2 << 20)
    #expect(await stage.run("post").code == 65)
  }

  @Test func `a damaged link is bad data, and the secret is not shown`() async throws {
    var stage = try Stage()
    stage.input = "socialnet:join#v=1&s=MzMzMzMzMzMzMzMzMzMzMw\n"
    for arguments in [["accept", "-"], ["accept", stage.input]] {
      let outcome = await stage.run(arguments)
      #expect(outcome.code == 65)
      #expect(outcome.asked.isEmpty)
      #expect(!outcome.errors.contains("MzMz"))
    }
  }

  @Test func `no home is a sentence`() async throws {
    var stage = try Stage()
    stage.environment = [:]
    let outcome = await stage.run("feed")
    #expect(outcome.code == 78)
    #expect(outcome.errors.contains("--home"))
  }
}
