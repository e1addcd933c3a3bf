import Drivers
import Feed
import Foundation
import Node
import Packets
import Store
import Synchronization
import TestNodes

/// Where and when everybody is: a clock that stands until it is moved, and a directory that goes with the last who uses it.
final class Ground: Sendable {
  // 2026-11-22 12:00 UTC.
  private let clock = Mutex(Instant(milliseconds: 1_795_348_800_000))
  let directory: URL

  init() throws {
    // Every commit waits for the disk; in memory it waits less.
    let memory = URL(filePath: "/dev/shm", directoryHint: .isDirectory)
    let place = FileManager.default.isWritableFile(atPath: memory.path) ? memory : FileManager.default.temporaryDirectory
    directory = place.appending(path: "socialnet-store-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: directory) }

  var now: Instant { clock.withLock { $0 } }

  func wait(seconds: Int64) { clock.withLock { $0 = $0.adding(seconds: seconds) } }
}

/// A network in one process: stores in temporary files, and parcels carried by hand.
/// There is no OpenPGP: a parcel is what one sealing would hold, and its signer is believed.
final class World: Sendable {
  private let ground: Ground
  private let people = Mutex<[Person]>([])

  init() throws { ground = try Ground() }

  var now: Instant { ground.now }
  var directory: URL { ground.directory }

  func wait(seconds: Int64) { ground.wait(seconds: seconds) }
  func wait(days: Int64) { ground.wait(seconds: days * 86_400) }

  func join(_ name: String, rules: Rules = Rules(), _ change: (inout StoreSettings) -> Void = { _ in }) async throws -> Person {
    let number = people.withLock { $0.count }
    let person = try await Person(name, number: number, on: ground, rules: rules, change)
    people.withLock { $0.append(person) }
    return person
  }

  func person(_ author: Author) -> Person? { people.withLock { $0.first { $0.author == author } } }

  /// Seals, sends and delivers until nothing waits anywhere.
  func carry() async throws {
    while true {
      let parcels = try await collect()
      if parcels.isEmpty { return }
      for parcel in parcels { try await deliver(parcel) }
    }
  }

  /// Seals and takes over what everybody sends now, and delivers nothing.
  func collect() async throws -> [Parcel] {
    var parcels: [Parcel] = []
    for person in people.withLock({ $0 }) { parcels += try await person.send() }
    return parcels
  }

  func deliver(_ parcel: Parcel) async throws { try await person(parcel.to)?.receive(parcel) }
}

/// A cast of friends. Everybody's first packets, streams and rows differ in number, so that mixed-up ids show.
enum Cast {
  /// Anna with her friends Ben and Carol, who know nobody else, and Dora, whom nobody knows.
  static func friends(of _: String, rules: Rules = Rules()) async throws -> (World, Person, Person, Person, Person) {
    let world = try World()
    let anna = try await world.join("Anna", rules: rules)
    let ben = try await world.join("Ben", rules: rules)
    let carol = try await world.join("Carol", rules: rules)
    let dora = try await world.join("Dora", rules: rules)
    try await ben.accept(try await anna.invite())
    try await carol.accept(try await anna.invite())
    try await world.carry()
    world.wait(seconds: 60)
    return (world, anna, ben, carol, dora)
  }

  /// Two who do not know each other.
  static func strangers(rules: Rules = Rules()) async throws -> (World, Person, Person) {
    let world = try World()
    let anna = try await world.join("Anna", rules: rules)
    return (world, anna, try await world.join("Ben", rules: rules))
  }
}
