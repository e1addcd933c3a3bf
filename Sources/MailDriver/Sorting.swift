internal import Drivers
internal import MIME
internal import Mailbox

/// Decides from a few header fields whether a mail concerns the bridge (Mailbox etiquette). Only the four kinds are ever fetched:
/// parcels, answers to the bridge, bounces of its mail, and mails from the user to the user.
struct Sorting: Sendable {
  /// What every parcel has.
  static let mark = "SocialNet-Parcel"
  /// What one of must stand in everything that is moved: parcels have the first, the bridge's letters, of which copies may lie in Sent,
  /// the second.
  static let marks = [mark, "SocialNet-Letter"]

  /// The fields that are looked at; none tells more about private mail than a folder's list does.
  static let fields = [
    mark, "Message-ID", "In-Reply-To", "References", "From", "To", "Cc", "Content-Type",
  ]

  /// What headers alone can say.
  enum Verdict: Hashable, Sendable {
    /// Private mail: not ours.
    case nothing
    /// Ours, unless `unless` is a Message-ID that the bridge gave out itself.
    case candidate(ReceivedKind, from: String?, unless: String?)
    /// Ours if one of these Message-IDs is one that the bridge gave out.
    case answer(to: [String], from: String?, unless: String?)
    /// A delivery report: ours if the mail it returns is.
    case report(from: String?)
    /// A copy that the provider kept of a parcel, if this is a Message-ID that the bridge gave out.
    case copy(of: String)
  }

  /// The own address, and the address that posts go to.
  let own: Address?
  let plus: Address?
  /// What becomes of copies in Sent of the bridge's own mails.
  let copies: Placement

  init(_ settings: MailSettings) {
    copies =
      switch settings.sentCopies {
      case .move: .keep
      case .delete: .discard
      case .leave: .leave
      }
    own = Address(settings.address)
    plus = settings.plusAddress.flatMap { Address($0) }
  }

  /// Judges one header block, found in a folder of this role.
  func judge(_ fields: [UInt8], in place: Received.Place) -> Verdict {
    guard let headers = try? Message(fields).headers else { return .nothing }
    let from = headers.onlyAddress("From")
    let sender = from.map { "\($0.local)@\($0.domain)".lowercased() }
    let id = headers.first("Message-ID").flatMap { MessageID.list($0.unfolded).first }
    let isParcel = headers.count(of: "SocialNet-Parcel") > 0
    switch place {
    case .junk: return isParcel ? .candidate(.parcel, from: sender, unless: nil) : .nothing
    // What lies here by our own doing needs no fetching; what is sealed to somebody else cannot be opened.
    case .own, .refused: return isParcel && !isForOthers(headers, from) ? .candidate(.parcel, from: sender, unless: id) : .nothing
    case .post: return isOwn(from) ? .candidate(.letter, from: sender, unless: id) : .nothing
    case .directory: return .nothing
    case .inbox where isParcel: return .candidate(.parcel, from: sender, unless: nil)
    case .sent where isParcel: return id.map { .copy(of: $0) } ?? .nothing
    case .inbox, .sent: break
    }
    if place == .inbox, isDeliveryReport(headers) { return .report(from: sender) }
    let recipients = recipients(headers)
    let isToPlus = recipients.contains { isSame($0, plus) }
    if isToPlus || (isOwn(from) && recipients.contains { isSame($0, own) }) {
      return .candidate(.letter, from: sender, unless: id)
    }
    func ids(_ name: String) -> [String] { headers.all(name).flatMap { MessageID.list($0.unfolded) } }
    // The mail answered stands last in References (RFC 5322 3.6.4).
    let answered = (ids("In-Reply-To") + ids("References").reversed()).prefix(100)
    guard !answered.isEmpty else { return .nothing }
    return .answer(to: Array(Set(answered)), from: sender, unless: id)
  }

  private func recipients(_ headers: Headers) -> [Address] {
    (headers.all("To") + headers.all("Cc")).flatMap { Address.list($0.unfolded) }
  }

  /// A copy of what the user's node sent to somebody: their own pieces are from and to the user.
  private func isForOthers(_ headers: Headers, _ from: Address?) -> Bool {
    let recipients = recipients(headers)
    return isOwn(from) && !recipients.isEmpty && !recipients.contains { isOwn($0) }
  }

  /// Parcels, for a server to search (RFC 9051 6.4.4: with no words, any mail that has the field).
  let parcels = SearchQuery.header(mark, contains: "")

  /// What a server can search for when all of a folder is to be gone through again.
  func query(in place: Received.Place) -> SearchQuery? {
    guard let own else { return parcels }
    var toBridge = SearchQuery.both(.from(own.text), .to(own.text))
    if let plus { toBridge = .either(toBridge, .to(plus.text)) }
    switch place {
    case .inbox: return .either(parcels, .either(toBridge, .header("Content-Type", contains: "delivery-status")))
    case .sent: return .either(parcels, toBridge)
    case .own, .refused, .junk: return parcels
    case .post: return .from(own.text)
    case .directory: return nil
    }
  }

  /// RFC 3462 3.
  private func isDeliveryReport(_ headers: Headers) -> Bool {
    guard let value = headers.first("Content-Type")?.unfolded, let type = ContentType(value) else { return false }
    return type.type == "multipart" && type.subtype == "report"
      && type.parameters.contains { $0.name == "report-type" && $0.value.lowercased() == "delivery-status" }
  }

  private func isOwn(_ address: Address?) -> Bool { address.map { isSame($0, own) || isSame($0, plus) } ?? false }

  /// Providers take the local part of their users' addresses in any case.
  private func isSame(_ one: Address, _ other: Address?) -> Bool { one.text.lowercased() == other?.text.lowercased() }
}
