import MIME
import Replies
import Testing

/// What is meant by words, where there is no doubt who wrote them. The right side is ``Understanding/summary``.
struct GrammarTests {
  let letters: Letters
  init() throws { letters = try Letters() }

  @Test(arguments: [
    ("2: lovely photo!", ["2: lovely photo!"]),
    ("2) lovely photo!", ["2: lovely photo!"]),
    ("#2 lovely photo!", ["2: lovely photo!"]),
    ("#2: lovely photo!", ["2: lovely photo!"]),
    ("2:\nlovely photo!", ["2: lovely photo!"]),
    ("2: lovely\nphoto!\n\n1: welcome home", ["2: lovely\nphoto!", "1: welcome home"]),
    ("2 ❤", ["2 ❤"]),
    ("2: ❤️", ["2 ❤️"]),
    ("2 👍🏽\n3 👨‍👩‍👧‍👦\n1 🇩🇪", ["2 👍🏽", "3 👨‍👩‍👧‍👦", "1 🇩🇪"]),
    ("2 ❤ so lovely", ["2: ❤ so lovely"]),
    ("2 ❤❤", ["2: ❤❤"]),
    ("2 like", ["2 ❤"]),
    ("2 Mute", ["2 mute"]),
    ("2 mute 7d", ["2 mute 168h"]),
    ("2 mute 12h.", ["2 mute 12h"]),
    ("2 unmute", ["2 unmute"]),
    ("5 accept", ["5 accept"]),
    ("5: decline", ["5 decline"]),
    ("1 ❤\n5 accept\n2: hello", ["1 ❤", "5 accept", "2: hello"]),
    ("pause", ["pause 168h"]),
    ("Pause 2w", ["pause 336h"]),
    ("resume", ["resume"]),
    ("undo", ["undo"]),
    ("help", ["help"]),
    ("Help!", ["help"]),
    ("post: We moved!\n\nCome by.", ["post: We moved!\n\nCome by."]),
    ("Post:\nWe moved!", ["post: We moved!"]),
    ("post family: dinner at eight", ["post Family: dinner at eight"]),
    ("post: at 2:30 we meet\n14: 30 would do too", ["ask unknownNumber(14)"]),
  ]) func `an answer to a digest says what the grammar says`(words: String, summary: [String]) throws {
    #expect(letters.understood(try Mails.answer("digest", words)).summary == summary)
    #expect(letters.understood(try Mails.answer("digest", words, quoting: true)).summary == summary)
  }

  @Test(arguments: [
    ("How lovely!", "ask which", "no target"),
    ("❤", "ask which", "a reaction to what?"),
    ("2", "ask which", "a number and nothing to say"),
    ("Hi all!\n2: lovely photo!", "ask which", "a greeting without a target"),
    ("2:30 works for me", "ask which", "a time, no target"),
    ("24. 12. is fine", "ask which", "a date, no target"),
    ("3 friends came", "ask which", "a number in a sentence"),
    ("2: ", "ask empty", "a target and no words"),
    ("9: what a day", "ask unknownNumber(9)", "no such number"),
    ("#12 what a day", "ask unknownNumber(12)", "no such number"),
    ("4: welcome", "ask unfitNumber(4)", "a profile has no comments"),
    ("5: who are you?", "ask unfitNumber(5)", "nor has a request"),
    ("5 like", "ask unfitNumber(5)", "a request cannot be liked"),
    ("2 accept", "ask unfitNumber(2)", "a photo cannot be accepted"),
    ("2 stop", "ask unfitNumber(2)", "nothing of a digest waits"),
    ("mute", "ask needsNumber(order: \"mute\")", "mute what?"),
    ("accept", "ask needsNumber(order: \"accept\")", "accept whom?"),
    ("2 mute please", "ask unclearOrder(\"mute please\")", "an order with something behind it"),
    ("2 mute\nThanks!", "ask unclearOrder(\"mute\")", "an order with words below it"),
    ("2 mute 0d", "ask unclearOrder(\"mute 0d\")", "no time at all"),
    ("2 block", "ask laterOrder(\"block\")", "not in this version"),
    ("daily", "ask laterOrder(\"daily\")", "not in this version"),
    ("more 3", "ask laterOrder(\"more 3\")", "not in this version"),
    ("post:", "ask empty", "nothing to post"),
    ("post office: they lost it", "ask unknownCircle(\"office\")", "no such circle"),
    ("post: hello\n2: lovely", "ask mixedPost", "a post with a comment in it"),
    ("2: lovely\npost: hello", "ask mixedPost", "a comment with a post in it"),
    ("", "ask empty", "nothing at all"),
  ]) func `what is not clear is asked`(words: String, summary: String, why: String) throws {
    #expect(letters.understood(try Mails.answer("digest", words)).summary == [summary])
  }

  @Test(arguments: [
    ("Thank you!", ["1: Thank you!"]),
    ("❤", ["1 ❤"]),
    ("+1", ["1: +1"]),
    ("2: is no target here", ["1: 2: is no target here"]),
    ("like", ["1 ❤"]),
    ("mute", ["1 mute"]),
    ("mute 7d", ["1 mute 168h"]),
    ("help", ["help"]),
    ("pause 1d", ["pause 24h"]),
    ("post: something else", ["post: something else"]),
    ("stop", ["ask unfitNumber(1)"]),
    ("block", ["ask laterOrder(\"block\")"]),
    ("now", ["ask laterOrder(\"now\")"]),
    ("like it or not", ["1: like it or not"]),
    ("Stop talking to Otto", ["1: Stop talking to Otto"]),
    ("mute\nplease", ["ask unclearOrder(\"mute\")"]),
  ]) func `an answer to a mail about one thing is for that thing`(words: String, summary: [String]) throws {
    #expect(letters.understood(try Mails.answer("item", words)).summary == summary)
    #expect(letters.understood(try Mails.answer("item", words, quoting: true)).summary == summary)
  }

  @Test(arguments: [
    ("request", "accept", ["1 accept"]), ("request", "decline", ["1 decline"]),
    ("request", "who is this?", ["ask wordsNotTaken"]),
    ("receipts", "stop", ["1 stop", "2 stop"]), ("receipts", "2 stop", ["2 stop"]), ("receipts", "undo", ["undo"]),
    ("receipts", "oh dear", ["ask wordsNotTaken"]), ("receipts", "3 stop", ["ask unknownNumber(3)"]),
    ("which", "2", ["settled which number(2) by proved"]),
    ("which", "#2", ["settled which number(2) by proved"]),
    ("which", "post", ["settled which post by proved"]),
    ("which", "2: How lovely!", ["2: How lovely!"]), ("which", "7", ["ask which"]),
    ("nonce", "yes", ["settled nonce wroteIt"]), ("nonce", "Yes.", ["settled nonce wroteIt"]),
    ("nonce", "no", ["settled nonce disowned"]),
    ("nonce", "yes please", ["ask wordsNotTaken"]), ("nonce", "help", ["help"]),
  ]) func `every letter takes its own answers`(letter: String, words: String, summary: [String]) throws {
    #expect(letters.understood(try Mails.answer(letter, words)).summary == summary)
    #expect(letters.understood(try Mails.answer(letter, words, quoting: true)).summary == summary)
  }

  @Test(arguments: [
    ("2 gefällt mir", ["2 ❤"]), ("2 stumm 7d", ["2 mute 168h"]), ("5 annehmen", ["5 accept"]), ("5 Ablehnen", ["5 decline"]),
    ("hilfe", ["help"]), ("rückgängig", ["undo"]), ("2 mute", ["2 mute"]), ("sperren", ["ask laterOrder(\"sperren\")"]),
  ]) func `orders are understood in the user's language too`(words: String, summary: [String]) throws {
    var settings = Letters.settings
    settings.language = .german
    #expect(letters.understood(try Mails.answer("digest", words), settings).summary == summary)
    #expect(letters.understood(try Mails.answer("digest", "2 annehmen")).summary == ["ask which"])
  }

  @Test func `the user's choice settles what words without a target are for`() throws {
    let mail = try Mails.answer("digest", "How lovely!")
    #expect(letters.understood(mail, choice: .init(.number(2), by: .proved)).summary == ["2: How lovely!"])
    #expect(letters.understood(mail, choice: .init(.post, by: .proved)).summary == ["post: How lovely!"])
  }

  @Test func `words without a target are posted only for who wants that`() throws {
    var settings = Letters.settings
    settings.postsUnaddressed = true
    #expect(letters.understood(try Mails.answer("digest", "How lovely!"), settings).summary == ["post: How lovely!"])
    #expect(letters.understood(try Mails.answer("digest", "2"), settings).summary == ["ask which"])
  }

  @Test(arguments: [
    ("Finally moved in.", "", ["post: Finally moved in."]),
    ("Finally moved in.", "a subject that is not posted", ["post: Finally moved in."]),
    ("Finally moved in.", "Post: Home", ["post: Home\n\nFinally moved in."]),
    ("", "Post: Home", ["post: Home"]),
    ("at eight", "Post family: Dinner", ["post Family: Dinner\n\nat eight"]),
    ("post: Finally moved in.", "", ["post: Finally moved in."]),
    ("post Family: Dinner", "", ["post Family: Dinner"]),
    ("help", "", ["help"]), ("pause 2d", "", ["pause 48h"]), ("daily", "", ["ask laterOrder(\"daily\")"]),
    ("like", "", ["ask needsNumber(order: \"like\")"]),
    ("help", "post", ["post: help"]),
    ("", "", ["ask empty"]),
    ("look at this", "Fwd: salaries", ["ask forwarded"]), ("schau mal", "WG: Gehälter", ["ask forwarded"]),
    ("hello", "Re: an old digest", ["ask unknownLetter"]),
    ("look\n\n---------- Forwarded message ---------\nFrom: Chef <a@b.c>\nDate: x\nSubject: y\nTo: me", "", ["ask forwarded"]),
    ("look\n\nFrom: Chef <a@b.c>\nSent: today\nTo: me\nSubject: salaries", "", ["ask forwarded"]),
    ("Hello\n\n-- \nMona, Hafenstrasse 3", "", ["post: Hello"]),
  ]) func `a new mail to the bridge is a post`(words: String, subject: String, summary: [String]) throws {
    #expect(letters.understood(try Mails.new(words, subject: subject)).summary == summary)
  }

  @Test(arguments: [
    ("post", ["post: hello"]), ("Post: title", ["post: title\n\nhello"]), ("Shopping", ["silent privateMail"]),
    ("Poster: buy", ["silent privateMail"]), ("Post office: call", ["silent privateMail"]),
  ]) func `a mail to oneself is a post only if its subject says so`(subject: String, summary: [String]) throws {
    #expect(letters.understood(try Mails.new("hello", subject: subject, to: "mona@example.org")).summary == summary)
  }
}
