internal import Account
internal import Bridge
internal import Feed
internal import Packets

/// `contacts --json`: contacts, and under the state `pending` those who asked and wait for the user's word.
struct ContactsOutput: Encodable {
  var contacts: [Row]

  struct Row: Encodable {
    var name: String
    var author: String
    var fingerprint: String
    /// URIs in the order of preference.
    var endpoints: [String]
    /// `requested` (asked by me), `pending`, `contact`, `guest` (reserved), `blocked`, `removed` or `frozen`.
    var state: String
    /// `verified`, `invited`, `introduced` or `requested`.
    var mark: String
    var since: String
  }

  init(_ contacts: [Contact], pending: [PendingRequest]) {
    self.contacts =
      contacts.map { contact in
        Row(
          name: contact.name, author: contact.author.text, fingerprint: contact.fingerprint.text, endpoints: contact.endpoints,
          state: contact.state.rawValue, mark: contact.mark.rawValue, since: contact.since.text)
      }
      + pending.map { request in
        Row(
          name: request.name, author: request.author.text, fingerprint: request.fingerprint.text, endpoints: request.endpoints,
          state: "pending", mark: Contact.Mark.requested.rawValue, since: request.received.text)
      }
  }
}

/// `requests --json`.
struct RequestsOutput: Encodable {
  var requests: [Row]

  struct Row: Encodable {
    /// What `accept` and `decline` take.
    var id: String
    var name: String
    var author: String
    var fingerprint: String
    @OrNull var endpoint: String?
    var received: String
    /// `yes` where it proves an invitation of ours that does no longer suffice by itself, else `no`.
    var proof: String
    @OrNull var introducedBy: String?
  }

  init(_ requests: [PendingRequest]) {
    self.requests = requests.map { request in
      Row(
        id: request.id.text, name: request.name, author: request.author.text, fingerprint: request.fingerprint.text,
        endpoint: request.endpoints.first, received: request.received.text, proof: request.proof ? "yes" : "no",
        introducedBy: request.introducedBy
      )
    }
  }
}

/// `profile --json`.
struct ProfileOutput: Encodable {
  var profile: Profile

  struct Profile: Encodable {
    var name: String
    var author: String
    var fingerprint: String
    var endpoints: [String]
    var fields: [Field]
  }

  struct Field: Encodable {
    var name: String
    var value: String
    /// `anyone`, `contacts` or `nobody`.
    var `for`: String
  }

  init(_ myself: Myself) {
    profile = Profile(
      name: myself.name, author: myself.author.text, fingerprint: myself.fingerprint.text, endpoints: myself.endpoints,
      fields: myself.fields.sorted { $0.key < $1.key }.map {
        Field(name: $0.key, value: $0.value, for: (myself.audiences?[$0.key] ?? .contacts).rawValue)
      })
  }
}

/// `invite --json`.
struct InviteOutput: Encodable {
  var link: String
  var expires: String
  @OrNull var mailedTo: String?

  init(_ given: GivenLink) {
    link = given.link
    expires = given.expires.text
    mailedTo = given.mailedTo?.text
  }
}

/// `accept --json` and `decline --json`: whom it was about.
struct AcquaintanceOutput: Encodable {
  var name: String
}

/// `key change --json`: the new key, and how many contacts are told.
struct ChangedKeyOutput: Encodable {
  var fingerprint: String
  var told: Int
}

/// `revoke --json` and `move --json`: how many contacts are told.
struct ToldOutput: Encodable {
  var told: Int
}

/// `verify --json`.
struct ComparisonOutput: Encodable {
  var name: String
  /// The eight digits.
  var code: String
  /// The primary fingerprint that is pinned for the contact.
  var fingerprint: String
  /// The user's own.
  var own: String
  var verified: Bool

  init(_ comparison: Comparison) {
    name = comparison.name
    code = comparison.code
    fingerprint = comparison.theirs.text
    own = comparison.ours.text
    verified = comparison.isVerified
  }
}

/// `setup --json`.
struct SetupOutput: Encodable {
  var endpoint: String
  var author: String
  var fingerprint: String
  /// Sentences that the user should read.
  var advice: [String]

  init(_ account: NewAccount) {
    endpoint = account.endpoint.uri
    author = account.author.text
    fingerprint = account.fingerprint.text
    advice = account.advice
  }
}

/// `circles --json`.
struct CirclesOutput: Encodable {
  var circles: [Row]

  struct Row: Encodable {
    var name: String
    var members: [PersonOutput]
  }

  init(_ circles: [CircleView]) {
    self.circles = circles.map { circle in
      Row(name: circle.name, members: circle.members.map { PersonOutput(FeedItem.Person(name: $0.name, author: $0.author)) })
    }
  }
}
