internal import Account
internal import Drivers
internal import Feed
internal import FoundationEssentials
internal import Logging
internal import MailDriver
internal import OpenPGP
internal import Packets
internal import Store

/// Every check of an account, each with what was seen and what to do.
struct Doctor: Sendable {
  let layout: Layout
  let clock: Clock
  let log: Logger

  func checks() async -> [Check] {
    let configuration: Configuration
    do {
      configuration = try LocalOperations(layout: layout, clock: clock, log: log).configuration()
    } catch {
      return [failed("configuration", error)]
    }
    var checks = [Check("configuration", .ok, "\(layout.configuration.path) can be read."), disk()]
    do {
      let bridge = try Bridge(layout: layout, configuration: configuration, clock: clock, log: log)
      checks += await database(bridge)
      checks.append(await keys(bridge))
      checks += await mail(configuration)
      checks += await troubles(bridge)
      checks += await queues(bridge)
      checks += await retention(bridge)
      checks += await lease(bridge)
      checks += programs()
      checks += await said(bridge)
      await bridge.close()
    } catch {
      checks.append(failed("database", error))
    }
    return checks
  }

  private func failed(_ name: String, _ error: any Error) -> Check {
    let failure = OperationFailure(error)
    return Check(name, .fail, failure.message, remedy: failure.remedy, code: failure.code)
  }

  // MARK: This machine

  /// Less is soon full, in bytes: some parcels of the largest size.
  private static let littleRoom = 100_000_000

  /// Whether the disk takes what the daemon would write. Tried, because a number of free bytes says nothing of limits and flaws.
  private func disk() -> Check {
    let folder = layout.stateDirectory
    let attempt = folder.appending(path: "doctor-\(UUID().uuidString)")
    do throws(DiskFailure) {
      defer { try? DurableFile.remove(attempt) }
      try DurableFile.create(attempt, holding: [UInt8](repeating: 0, count: 256 << 10))
    } catch {
      let said = if case .full = error { "The disk is full" } else { "The disk takes nothing: \(error)" }
      return Check(
        "disk", .fail, "\(said). What arrives stays in the mailbox.", remedy: "make room; the daemon goes on by itself.",
        code: .inputOutput)
    }
    let free = (try? FileManager.default.attributesOfFileSystem(forPath: folder.path)[.systemFreeSize] as? Int) ?? nil
    guard let free, free < Self.littleRoom else { return Check("disk", .ok, "The disk has room.") }
    return Check("disk", .warn, "Only \(free / 1_000_000) MB of the disk are free.", remedy: "make room.", code: .inputOutput)
  }

  private func database(_ bridge: Bridge) async -> [Check] {
    do {
      let flaws = try await bridge.store.flaws()
      guard flaws.isEmpty else {
        return [
          Check(
            "database", .fail, "The database is damaged: \(flaws.joined(separator: "; "))",
            remedy: "make it anew with `socialnet rebuild`.", code: .badData)
        ]
      }
      guard try await bridge.store.hasIdentity() else {
        return [
          Check(
            "database", .fail, "The database is empty.", remedy: "make it anew with `socialnet rebuild`.", code: .configuration)
        ]
      }
      let running = DaemonLock(at: layout.stateDirectory.appending(path: "daemon.lock").path) == nil
      return [
        Check("database", .ok, "The database is whole."),
        running
          ? Check("daemon", .ok, "The daemon is running.")
          : Check("daemon", .warn, "The daemon is not running.", remedy: "start it with `socialnet run`.", code: .unavailable),
      ]
    } catch {
      return [failed("database", error)]
    }
  }

  private func keys(_ bridge: Bridge) async -> Check {
    do {
      let home = try await bridge.keyring.home()
      try await bridge.knowOwnKeys()
      let text = Derivation.bindingText(author: try await bridge.store.myself().author, fingerprint: bridge.me)
      _ = try await home.sign(text, by: bridge.key)
      return Check("key", .ok, "The key \(bridge.me.text) signs.")
    } catch {
      return failed("key", error)
    }
  }

  private func programs() -> [Check] {
    var checks: [Check] = []
    if GPGPrograms.found.launcher == nil || GPGPrograms.found.opener == nil {
      checks.append(
        Check(
          "gpg-launcher", .warn, "gpg runs without limits on memory and time, and slower than it could.",
          remedy: "install gpg-launcher and gpg-opener beside socialnet (deploy/install does)."))
    }
    let paths = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin").split(separator: ":")
    if !paths.contains(where: { FileManager.default.isExecutableFile(atPath: $0 + "/vipsthumbnail") }) {
      checks.append(
        Check(
          "pictures", .warn, "Pictures can be neither posted nor made small.", remedy: "install libvips-tools.",
          code: .unavailable))
    }
    return checks
  }

  // MARK: Servers and queues

  private func mail(_ configuration: Configuration) async -> [Check] {
    guard configuration.imap != nil else {
      return [
        Check("log", .warn, "This account has no mailbox, so nothing can be made again from it.", remedy: "back up its folder.")
      ]
    }
    do {
      guard let settings = try Bridge.mailSettings(configuration, clock, log) else { return [] }
      return try await MailDriver(settings).check().map { finding in
        let result = Check.Result(rawValue: finding.result.rawValue) ?? .fail
        return Check(finding.name, result, finding.said, remedy: finding.remedy, code: OperationFailure(finding).code)
      }
    } catch {
      return [failed("mail", error)]
    }
  }

  private func queues(_ bridge: Bridge) async -> [Check] {
    do {
      let now = clock.now()
      let (waiting, failed) = try await bridge.store.outpackets()
      let (unread, _) = try await bridge.store.inpackets()
      var checks = [outgoing(waiting, failed)]
      if let journal = waiting.first(where: { $0.append != nil && $0.queued < now.adding(seconds: -600) }) {
        let why = journal.lastReply.isEmpty ? "" : " (\(journal.lastReply))"
        checks.append(
          Check(
            "journal", .warn, "Since \(journal.queued.text) the journal could not be written into the mailbox\(why).",
            remedy: "see that the mailbox can be reached and is not full.", code: .unavailable))
      }
      if let full = waiting.first(where: { $0.lastReply.hasPrefix(Outcome.mailboxIsFull) }) {
        checks.append(
          Check(
            "mailbox", .fail, "Since \(full.queued.text) \(full.lastReply). Nothing is lost.",
            remedy: "make room in the mailbox; the bridge goes on by itself.", code: .unavailable))
      }
      let unmoved = unread.count { $0.state == "done" && $0.arrived < now.adding(seconds: -600) }
      if unmoved > 0 {
        checks.append(
          Check(
            "moving", .warn, "\(unmoved) that were read could not be moved to their folder yet.",
            remedy: "see that the mailbox is not full; it is tried again every minute.", code: .unavailable))
      }
      if let limited = waiting.first(where: { $0.lastReply.contains("limit of") }) {
        checks.append(
          Check(
            "budget", .warn, "\(limited.lastReply); the rest goes later.",
            remedy: "raise mails-per-day if your provider allows it."))
      }
      let aside = try await bridge.store.troubles().filter(\.isAside)
      if let first = aside.first {
        checks.append(
          Check(
            "set aside", .warn,
            "\(aside.count) \(aside.count == 1 ? "thing" : "things") failed again and again: "
              + "\(first.stage.words) \(Printable.line(first.subject, limit: 40)): \(first.said)",
            remedy: "see `socialnet notices`; each is tried again after an upgrade of this program.", code: .internalFault))
      }
      if unread.contains(where: { $0.attempts > 0 && $0.state == "waiting" }) {
        checks.append(
          Check(
            "inpackets", .warn, "Some of what arrived could not be read yet.", remedy: "see `socialnet inpackets`.",
            code: .tryAgain))
      }
      return checks
    } catch {
      return [self.failed("queues", error)]
    }
  }

  /// Which machine is the bridge. Only looks: a doctor takes nothing.
  private func lease(_ bridge: Bridge) async -> [Check] {
    guard let mail = bridge.mailDriver, let author = try? await bridge.store.myself().author else { return [] }
    defer { Task { await mail.close() } }
    guard (try? await mail.canRemove()) ?? true else {
      let said = "The server cannot delete single mails, so two machines with this account would not know of each other."
      return [Check("lease", .warn, said, remedy: "run the bridge on one machine only.")]
    }
    guard let lying = try? await mail.leases().leases else { return [] }
    let leases = lying.compactMap { lying in Lease(field: lying.field, by: author).map { (lying.arrived, $0) } }
    guard let (arrived, top) = leases.max(by: { $1.1.isAbove($0.1) }), arrived.adding(seconds: Lease.life) > clock.now() else {
      return [Check("lease", .ok, "No machine is the bridge at the moment.")]
    }
    guard top.holder != Machine(layout).id else { return [Check("lease", .ok, "This machine is the bridge.")] }
    return [
      Check(
        "lease", .warn, "\(top.said). This machine only looks on.",
        remedy: "`socialnet run --take-over` makes this machine the bridge.", code: .tryAgain)
    ]
  }

  private func retention(_ bridge: Bridge) async -> [Check] {
    guard let mail = bridge.mailDriver else { return [] }
    guard let span = bridge.configuration.mail.retention else {
      return [Check("retention", .ok, "Parcels stay in \(mail.folder) for ever.")]
    }
    let last = (try? await bridge.store.thinned())?.at
    let done = last.map { "last done \($0.text)" } ?? "not done yet"
    return [Check("retention", .ok, "Parcels older than \(span.text) are folded together: \(done).")]
  }

  private func outgoing(_ waiting: [Outpacket], _ failed: [Outpacket]) -> Check {
    let tried = waiting.filter { $0.attempts > 0 }
    if !failed.isEmpty {
      return Check(
        "outpackets", .warn, "\(failed.count) could not be delivered.", remedy: "see `socialnet outpackets`.", code: .unavailable)
    }
    guard let last = tried.last else { return Check("outpackets", .ok, "\(waiting.count) wait to be sent, none failed.") }
    return Check(
      "outpackets", .warn, "\(tried.count) could not be sent yet: \(last.lastReply)",
      remedy: "nothing is lost, and they are tried again; see `socialnet outpackets`.", code: .tryAgain)
  }

  /// What the daemon has met with and this process may not.
  private func troubles(_ bridge: Bridge) async -> [Check] {
    guard DaemonLock(at: layout.stateDirectory.appending(path: "daemon.lock").path) == nil else { return [] }
    return ((try? await bridge.store.driverTroubles()) ?? []).map { trouble in
      Check(
        "receiving", .warn, "Since \(Instant(milliseconds: trouble.since).text) the daemon cannot receive all: \(trouble.said)",
        remedy: "it is tried again by itself; if it stays, ask the provider.", code: .unavailable)
    }
  }

  private func said(_ bridge: Bridge) async -> [Check] {
    let recent = clock.now().adding(seconds: -7 * 86_400)
    let notices = ((try? await bridge.store.notices(limit: 20)) ?? []).filter { $0.when > recent }
    guard let newest = notices.first else { return [] }
    return [Check("notices", .warn, newest.said, remedy: "see `socialnet notices`.")]
  }
}
