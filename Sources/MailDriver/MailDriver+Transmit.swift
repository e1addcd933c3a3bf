public import Drivers
internal import FoundationEssentials
internal import Mailbox
internal import Packets

extension MailDriver {
  /// Hands mails to the provider one after the other over one connection, and appends to the own mailbox beside it.
  public nonisolated func transmit(_ consignments: [Consignment]) -> AsyncStream<(id: Int64, outcome: Outcome)> {
    AsyncStream { continuation in
      let task = Task {
        await withTaskGroup(of: Void.self) { group in
          group.addTask {
            for consignment in consignments where consignment.append == nil {
              // A mail under way is never cut short: its fate would be unknown.
              guard !Task.isCancelled else { return }
              continuation.yield((consignment.id, await self.mailer.send(consignment)))
            }
          }
          group.addTask {
            for consignment in consignments {
              guard let target = consignment.append, !Task.isCancelled else { continue }
              continuation.yield((consignment.id, await self.append(consignment, to: target)))
            }
          }
        }
        continuation.finish()
      }
      continuation.onTermination = { _ in task.cancel() }
    }
  }

  private func append(_ consignment: Consignment, to target: Consignment.AppendTarget) async -> Outcome {
    let open: OpenMailbox
    do { open = try await worker.open() } catch { return .unreachable(reason: error.description) }
    let folder = target == .own ? open.layout.own : .inbox
    if let id = consignment.lookFor {
      do throws(ConnectionFailure) {
        if try await isThere(id, in: folder, open) { return .handedOver(reply: "an earlier try has got there") }
      } catch {
        return .unreachable(reason: error.description)
      }
    }
    do throws(ConnectionFailure) {
      var status = try await append(consignment, to: folder, seen: target == .own, open)
      if status.condition == .no, status.code == .word("TRYCREATE") {
        try await open.connection.create([folder])
        status = try await append(consignment, to: folder, seen: target == .own, open)
      }
      return judge(status, target)
    } catch {
      if case .files = error { return .deferred(reason: error.description, after: nil) }
      return .ambiguous(reason: error.description)
    }
  }

  /// Whether a mail lies in a folder. One that cannot be opened holds none.
  private func isThere(_ id: String, in folder: FolderName, _ open: OpenMailbox) async throws(ConnectionFailure) -> Bool {
    do {
      return try await !open.connection.search(.header("Message-ID", contains: id), in: folder).isEmpty
    } catch {
      if case .commandRefused = error { return false }
      throw error
    }
  }

  private func append(
    _ consignment: Consignment, to folder: FolderName, seen: Bool, _ open: OpenMailbox
  ) async throws(ConnectionFailure) -> Status {
    try await open.connection.append(file: consignment.file.path, size: consignment.size, to: folder, seen: seen)
  }

  private func judge(_ status: Status, _ target: Consignment.AppendTarget) -> Outcome {
    switch status.condition {
    case .ok:
      if case .appendUID(let validity, let uid) = status.code, target == .own { remember(arrivals: [uid], validity: validity) }
      return .handedOver(reply: status.text)
    // RFC 7889 4.
    case .no where status.code == .word("TOOBIG"): return .refused(reason: status.text)
    case .no where status.isOverQuota: return .deferred(reason: "\(Outcome.mailboxIsFull): \(status.text)", after: nil)
    default: return .deferred(reason: status.text, after: nil)
    }
  }
}

/// The address in a `mailto:` endpoint (RFC 6068 2).
struct MailEndpoint: Hashable, Sendable {
  let address: String

  /// Reads an endpoint; nothing where it is not one address by mail.
  init?(_ endpoint: String) {
    guard let parts = URLComponents(string: endpoint), parts.scheme?.lowercased() == "mailto", parts.host == nil,
      parts.path.split(separator: "@", omittingEmptySubsequences: false).count == 2, !parts.path.contains(",")
    else { return nil }
    address = parts.path
  }
}
