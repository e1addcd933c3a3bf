/// Mails for tests, line ends LF.
enum Mail {
  static func parcel(_ number: Int) -> String {
    """
    From: <friend@example.test>
    To: <me@example.test>
    Message-ID: <\(number)@example.test>
    SocialNet-Parcel: 1
    Subject: [...]

    body \(number)

    """
  }

  static func letter(from: String, to: String) -> String {
    """
    From: Somebody <\(from)>
    To: <\(to)>
    Message-ID: <letter-\(from)-\(to)>
    Subject: hello

    words

    """
  }

  static func answer(to id: String) -> String {
    """
    From: Somebody <aunt@example.test>
    To: <other@example.test>
    Message-ID: <answer-\(id)>
    In-Reply-To: <\(id)>
    Subject: Re: hello

    words

    """
  }

  static func bounce(of id: String) -> String {
    """
    From: MAILER-DAEMON@example.test
    To: <me@example.test>
    Content-Type: multipart/report; report-type=delivery-status; boundary="b"

    --b

    It failed.
    --b
    Content-Type: message/delivery-status

    Status: 5.1.1
    --b
    Content-Type: text/rfc822-headers

    From: <me@example.test>
    Message-ID: <\(id)>

    --b--

    """
  }

  /// As `mailbox.py append` takes them.
  static func joined(_ mails: [String]) -> String { mails.joined(separator: "%%%\n") }
}
