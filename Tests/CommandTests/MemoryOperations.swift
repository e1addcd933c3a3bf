import Account
import Bridge
import Feed
import Foundation
import Packets
import Synchronization

/// An account that is only remembered: it answers with a fixed cast, and writes down what it was asked to do.
final class MemoryOperations: Operations {
  let cast: Cast
  let failure: OperationFailure?
  private let asked = Mutex<[String]>([])

  init(cast: Cast, failure: OperationFailure? = nil) {
    self.cast = cast
    self.failure = failure
  }

  /// What was asked for, in order.
  var log: [String] { asked.withLock { $0 } }

  func note(_ words: String) throws(OperationFailure) {
    asked.withLock { $0.append(words) }
    if let failure { throw failure }
  }

  func setUp(_ plan: SetupPlan, progress: ProgressReport) async throws(OperationFailure) -> NewAccount {
    var words = "setUp \(plan.name)"
    if case .own(let key) = plan.key { words += " own \(key.text)" }
    switch plan.transport {
    case .folder(let folder): words += " folder \(folder.path(percentEncoded: false))"
    case .mail(let mail):
      words += " \(mail.address) \(mail.imap) \(mail.smtp)"
      switch mail.password {
      case .source(.shell(let line)): words += " command \(line)"
      case .source: words += " file"
      case .typed(let secret): words += " typed \(secret) of \(secret.reveal().count)"
      }
      if let file = mail.tls.caFile { words += " ca \(file.path(percentEncoded: false))" }
    }
    words += " digest \(plan.digest.schedule) \(plan.digest.way) encrypt \(plan.digest.encrypt)"
    if case .mail(let mail) = plan.transport { words += " copies \(mail.sentCopies)" }
    if let undo = plan.undo { words += " undo \(undo.text)" }
    if let home = plan.gnupgHome { words += " home \(home.path(percentEncoded: false))" }
    try note(words)
    return NewAccount(
      endpoint: .mail(cast.address), author: cast.anna.author, fingerprint: cast.key,
      advice: ["Mark the folder SocialNet as quiet."])
  }

  func run(once: Bool, takingOver: Bool, progress: ProgressReport) async throws(OperationFailure) {
    try note("run \(once ? "once" : "on")" + (takingOver ? " taking over" : ""))
    for done in 1...4 { progress("Reading parcels", done, of: 4) }
  }

  func rebuild(progress: ProgressReport) async throws(OperationFailure) -> Rebuilt {
    try note("rebuild")
    return Rebuilt(parcels: 120, journal: 20, items: 90)
  }

  func thin(olderThan span: Duration?, progress: ProgressReport) async throws(OperationFailure) -> Thinned {
    try note("thin \(span.map { "\($0.components.seconds)" } ?? "as set")")
    var thinned = Thinned()
    (thinned.folded, thinned.snapshots, thinned.left) = (312, 1, 2)
    return thinned
  }

  func doctor() async -> [Check] { cast.checks }

  func post(_ text: String, photos: [PhotoFile], circle: String?, share: Bool) async throws(OperationFailure) -> ItemID {
    let pictures = photos.map { "\($0.file.path(percentEncoded: false))=\($0.alternative ?? "none")" }
    try note("post [\(text)] \(pictures) \(circle ?? "everyone") share \(share)")
    return cast.moved.id
  }

  func comment(on item: ItemName, text: String) async throws(OperationFailure) -> ItemID {
    try note("comment \(item) [\(text)]")
    return cast.comment.id
  }

  func react(to item: ItemName, emoji: [String]) async throws(OperationFailure) -> ItemID {
    try note("react \(item) \(emoji)")
    return cast.comment.id
  }

  func edit(_ item: ItemName, text: String) async throws(OperationFailure) { try note("edit \(item) \(text)") }

  func share(_ item: ItemName, text: String, circle: String?) async throws(OperationFailure) -> ItemID {
    try note("share \(item) \(text) \(circle ?? "everyone")")
    return cast.comment.id
  }

  func introduce(_ invitation: Invitation, to contact: String) async throws(OperationFailure) -> (who: String, to: String) {
    try note("introduce \(invitation.name) to \(contact)")
    return (invitation.name, contact)
  }

  func sendHistory(to contact: String) async throws(OperationFailure) -> String {
    try note("history \(contact)")
    return contact
  }

  func message(to contact: String, text: String, photos: [PhotoFile]) async throws(OperationFailure) -> ItemID {
    try note("message \(contact) \(text) \(photos.map(\.file.lastPathComponent))")
    return cast.comment.id
  }

  func circles() async throws(OperationFailure) -> [CircleView] {
    try note("circles")
    return [CircleView(name: "everyone", members: []), CircleView(name: "family", members: [])]
  }

  func createCircle(_ name: String) async throws(OperationFailure) { try note("create \(name)") }

  func add(_ contact: String, toCircle name: String) async throws(OperationFailure) -> String {
    try note("add \(contact) to \(name)")
    return "Ben"
  }

  func remove(_ contact: String, fromCircle name: String) async throws(OperationFailure) -> String {
    try note("remove \(contact) from \(name)")
    return "Ben"
  }

  func remove(_ contact: String) async throws(OperationFailure) -> String {
    try note("remove \(contact)")
    return "Ben"
  }

  func block(_ contact: String) async throws(OperationFailure) -> String {
    try note("block \(contact)")
    return "Ben"
  }

  func unblock(_ contact: String) async throws(OperationFailure) -> String {
    try note("unblock \(contact)")
    return "Ben"
  }

  func retract(_ item: ItemName) async throws(OperationFailure) { try note("retract \(item)") }

  func invite(address: EmailAddress?, name: String?) async throws(OperationFailure) -> GivenLink {
    try note("invite \(address?.text ?? "nobody") \(name ?? "nameless")")
    return GivenLink(link: "socialnet:join#v=1&a=x", expires: cast.moved.created, mailedTo: address)
  }

  func accept(_ invitation: Invitation) async throws(OperationFailure) -> String {
    try note("accept \(invitation.endpoint) \(invitation.secret.count)")
    return invitation.name
  }

  func accept(request: String) async throws(OperationFailure) -> String {
    try note("accept request \(request)")
    return "Jo"
  }

  func decline(request: String) async throws(OperationFailure) -> String {
    try note("decline \(request)")
    return "Jo"
  }

  func setProfile(field: String, value: String, for audience: FieldAudience?) async throws(OperationFailure) {
    try note("set \(field) [\(value)]" + (audience.map { " for \($0)" } ?? ""))
  }

  func feed(limit: Int, since: Instant?, words: String?) async throws(OperationFailure) -> [FeedItem] {
    try note("feed \(limit) \(since?.text ?? "ever") \(words ?? "all")")
    return words == "nothing" ? [] : [cast.comment, cast.sunset, cast.moved, cast.future]
  }

  func conversation(of item: ItemName) async throws(OperationFailure) -> (item: FeedItem, conversation: [FeedItem]) {
    try note("show \(item)")
    return (cast.moved, [cast.moved, cast.comment])
  }

  func signedBytes(of item: ItemName) async throws(OperationFailure) -> [UInt8] {
    try note("raw \(item)")
    return Array("<packet/>".utf8)
  }

  func contacts() async throws(OperationFailure) -> [Contact] {
    try note("contacts")
    return [cast.contact]
  }

  func requests() async throws(OperationFailure) -> [PendingRequest] {
    try note("requests")
    return [cast.request]
  }

  func profile() async throws(OperationFailure) -> Myself {
    try note("profile")
    return cast.myself
  }

  func digest() async throws(OperationFailure) -> WaitingDigest {
    try note("digest")
    return WaitingDigest(new: 5, next: cast.sunset.created, last: cast.moved.created)
  }

  func sendDigest() async throws(OperationFailure) -> Int {
    try note("send digest")
    return 5
  }

  func previewDigest(_ form: DigestForm) async throws(OperationFailure) -> String {
    try note("preview \(form)")
    return form == .html ? "<p>5 new things</p>" : "5 new things"
  }

  func inpackets() async throws(OperationFailure) -> (waiting: [WaitingInpacket], processed: Int) {
    try note("inpackets")
    return (cast.inpackets, 17)
  }

  func outpackets() async throws(OperationFailure) -> (waiting: [WaitingOutpacket], failed: [WaitingOutpacket]) {
    try note("outpackets")
    return ([cast.outpackets[0]], [cast.outpackets[1]])
  }

  func retry(outpacket id: Int64) async throws(OperationFailure) { try note("retry \(id)") }

  func drop(outpacket id: Int64) async throws(OperationFailure) { try note("drop \(id)") }

  func held() async throws(OperationFailure) -> [HeldPacket] {
    try note("held")
    return [HeldPacket(id: cast.future.id, author: cast.ben, kind: "{urn:x}poll", fallback: "Ben asks: tea or coffee?")]
  }

  func refused() async throws(OperationFailure) -> [RefusedThing] {
    try note("refused")
    return [RefusedThing(received: cast.moved.created, from: "eve@example.net", gate: "signer", reason: "nobody known signed it")]
  }

  func notices() async throws(OperationFailure) -> [UserNotice] {
    try note("notices")
    return [UserNotice(when: cast.moved.created, kind: "equivocation", said: "Ben said two things under one name.")]
  }
}
