// swift-tools-version: 6.2
import PackageDescription

/// The walls of the house: one target a room, and a target imports only what stands on a lower floor.
/// What each room is for stands in Sources/Bridge/Bridge.docc/Architecture.md.

let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .treatAllWarnings(as: .error),
  .strictMemorySafety(),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

func room(
  _ name: String, _ floorsBelow: [Target.Dependency] = [], exclude: [String] = [], resources: [Resource] = []
) -> Target {
  .target(name: name, dependencies: floorsBelow, exclude: exclude, resources: resources, swiftSettings: strict)
}

func tests(
  _ name: String, _ rooms: [Target.Dependency], exclude: [String] = [], resources: [Resource] = []
) -> Target {
  .testTarget(name: name, dependencies: rooms, exclude: exclude, resources: resources, swiftSettings: strict)
}

let package = Package(
  name: "socialnet",
  platforms: [.macOS(.v15)],
  products: [.executable(name: "socialnet", targets: ["socialnet"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
    .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
  ],
  targets: [
    // Floor 0: system libraries, module maps and the thinnest shims.
    .systemLibrary(name: "CCurl", pkgConfig: "libcurl"),
    .systemLibrary(name: "CGPGME", pkgConfig: "gpgme"),
    .systemLibrary(name: "CGMime", pkgConfig: "gmime-3.0"),
    .systemLibrary(name: "CLibXML2", pkgConfig: "libxml-2.0"),
    .systemLibrary(name: "CSodium", pkgConfig: "libsodium"),
    .systemLibrary(name: "CLinux"),

    // Floor 1
    // The schema stands inside the binary, so that an installed program needs no folder beside it.
    room(
      "Packets", ["CLibXML2", "CSodium"], exclude: ["Schemas/packet.rnc"], resources: [.embedInCode("Schemas/packet.rng")]),
    room("OpenPGP", ["CGPGME", "CLinux"]),
    room("MIME", ["CGMime", "CLibXML2"]),
    room(
      "Account",
      [
        "Packets", .product(name: "Subprocess", package: "swift-subprocess"), .product(name: "TOMLKit", package: "TOMLKit"),
      ]),

    // Floor 2
    room("Parcels", ["CLinux", "Packets", "OpenPGP", "MIME"]),
    room("Mailbox", ["CCurl", "CLinux", "CSodium"]),
    room("Pictures", [.product(name: "Subprocess", package: "swift-subprocess")]),
    room("Drivers", ["Packets"]),
    room("Feed", ["Packets"]),

    // Floor 3
    room("Node", ["Feed", "Packets"]),
    room("Digest", ["Feed", "MIME", "Packets", .product(name: "Mustache", package: "swift-mustache")]),
    room("Replies", ["Feed", "MIME", "Packets"]),

    // Floor 4
    room("Store", ["Feed", "Node", "Packets", "Drivers", .product(name: "GRDB", package: "GRDB.swift")]),
    room("MailDriver", ["Drivers", "Mailbox", "MIME", "Packets"]),
    room("FolderDriver", ["Account", "Drivers", "Packets"]),

    // Floor 5
    room(
      "Bridge",
      [
        "Account", "CLinux", "Digest", "Drivers", "Feed", "FolderDriver", "MIME", "MailDriver", "Mailbox", "Node", "OpenPGP",
        "Packets", "Parcels", "Pictures", "Replies", "Store",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ]),

    // Floor 6: the vectors, and who plays them. They are files that other nodes read too, so they lie beside the program as they are.
    room(
      "Conformance",
      [
        "Account", "Bridge", "Drivers", "Feed", "FolderDriver", "MIME", "OpenPGP", "Packets", "Parcels",
        .product(name: "Logging", package: "swift-log"),
      ], resources: [.copy("Vectors")]),

    // Floor 7: the command.
    .executableTarget(
      name: "socialnet",
      dependencies: [
        "Account", "Bridge", "Conformance", "Feed", "Packets",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "Subprocess", package: "swift-subprocess"),
      ],
      swiftSettings: strict),

    // What `deploy/bench` measures the program against.
    .executableTarget(
      name: "benchmarks", dependencies: ["CCurl", "CGPGME"], path: "Tests/Benchmarks", swiftSettings: strict),

    // Tests mirror the house.
    // The vectors are made here, from the samples.
    tests("PacketsTests", ["Conformance", "Packets"]),
    tests("OpenPGPTests", ["OpenPGP", "CGPGME"]),
    tests("MIMETests", ["MIME"]),
    tests("AccountTests", ["Account", "Packets"]),
    tests("ParcelsTests", ["Parcels", "Packets", "OpenPGP", "MIME"]),
    tests("MailboxTests", ["Mailbox"]),
    tests("PicturesTests", ["Pictures"]),
    tests("FeedTests", ["Feed", "Packets"]),
    tests("DigestTests", ["Digest", "Feed", "MIME", "Packets"], resources: [.copy("Golden")]),
    tests("RepliesTests", ["Digest", "Replies", "Feed", "MIME", "Packets"], resources: [.copy("Fixtures")]),
    // Nodes without OpenPGP, and parcels carried by hand.
    .target(
      name: "TestNodes", dependencies: ["Drivers", "Feed", "Node", "Packets", "Store"], path: "Tests/TestNodes",
      swiftSettings: strict),
    tests(
      "StoreTests",
      ["Drivers", "Feed", "Node", "Packets", "Store", "TestNodes", .product(name: "GRDB", package: "GRDB.swift")],
      resources: [
        .embedInCode("Fixtures/schema-1.sql"), .embedInCode("Fixtures/schema-2.sql"), .embedInCode("Fixtures/schema-3.sql"),
        .embedInCode("Fixtures/schema-4.sql"), .embedInCode("Fixtures/schema-5.sql"), .embedInCode("Fixtures/schema-6.sql"),
      ]),
    tests(
      "Simulation",
      ["Drivers", "Feed", "Node", "Packets", "Store", "TestNodes", .product(name: "GRDB", package: "GRDB.swift")]),
    // Private mail servers on loopback, for the tests that need real ones.
    .target(name: "TestMail", path: "Tests/TestMail", exclude: ["mailbox.py", "proxy.py"], swiftSettings: strict),
    tests(
      "MailDriverTests", ["MailDriver", "Mailbox", "Drivers", "Packets", "TestMail"]),
    tests(
      "BridgeTests",
      [
        "Bridge", "Account", "Feed", "MIME", "OpenPGP", "Packets", "Parcels", "Store", "TestMail",
        .product(name: "Logging", package: "swift-log"),
      ]),
    tests("ConformanceTests", ["Bridge", "Conformance", .product(name: "Logging", package: "swift-log")]),
    tests("FolderDriverTests", ["FolderDriver", "Account", "Drivers", "Packets"]),
    tests(
      "CommandTests",
      ["socialnet", "Account", "Bridge", "Conformance", "Feed", "Packets", .product(name: "Logging", package: "swift-log")],
      exclude: ["Golden"]),
  ]
)
