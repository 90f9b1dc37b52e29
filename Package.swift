// swift-tools-version: 6.0
import PackageDescription

/// One row for each driver: the backend's module in `Sources/Backends`, and what it imports. Its actions stand in
/// `Sources/market-drivers/main.swift`.
let drivers: [(backend: String, imports: [Target.Dependency])] = [
    ("MarketHTTP", ["AppTransfer", "ImageTransfer", "HTTP", "DriverProtocol", "Bytes", "Posix"]),
    ("MarketS3", ["AppTransfer", "ImageTransfer", "S3", "HTTP", "DriverProtocol", "Bytes", "Posix"]),
    ("MarketOne", ["AppTransfer", "ImageTransfer", "Catalog", "HTTP", "Checksums", "JSON", "DriverProtocol", "Bytes"]),
    (
        "MarketLinuxContainers",
        ["AppTransfer", "ContainerImages", "Catalog", "HTTP", "Checksums", "DriverProtocol", "Bytes"]
    ),
    ("DatastoreCeph", ["AppTransfer", "Datastores", "DriverProtocol"]),
    ("DatastoreFS", ["AppTransfer", "Datastores", "DriverProtocol"]),
    (
        "DatastoreDownloader",
        ["AppTransfer", "ImageTransfer", "HTTP", "Checksums", "DriverProtocol", "Bytes", "Posix"]
    ),
]

/// The layers, from the bottom up: a module imports what stands above it in this list, and nothing else.
/// docs/architecture.md tells what each of them holds.
let modules: [Target] = [
    // Layer 0: C, the operating system, bytes.
    .systemLibrary(name: "COpenSSL"),
    .target(name: "CCurl"),
    // Optimised in a debug build, too: the tests digest as much as the drivers do.
    .target(name: "CChecksums", cSettings: [.unsafeFlags(["-O2"])]),
    .target(name: "CPosix"),
    .target(name: "Posix", dependencies: ["CPosix"]),
    .target(name: "Bytes"),
    // Layer 1: formats and protocols.
    .target(name: "XML", dependencies: ["Bytes"]),
    .target(name: "JSON", dependencies: ["Bytes"]),
    .target(name: "DriverProtocol", dependencies: ["XML", "Bytes", "Posix"]),
    .target(name: "Checksums", dependencies: ["COpenSSL", "CChecksums", "DriverProtocol", "Bytes"]),
    .target(name: "HTTP", dependencies: ["CCurl", "DriverProtocol", "Bytes", "Posix"]),
    .target(name: "OneMarket", dependencies: ["DriverProtocol", "XML", "Bytes", "Posix"]),
    // Layer 2: services, and images on their way.
    .target(name: "S3", dependencies: ["HTTP", "Checksums", "DriverProtocol", "XML", "Bytes", "Posix"]),
    .target(name: "Catalog", dependencies: ["HTTP", "Checksums", "JSON", "DriverProtocol", "Bytes", "Posix"]),
    .target(
        name: "ImageTransfer",
        dependencies: ["S3", "HTTP", "Checksums", "JSON", "DriverProtocol", "Bytes", "CPosix", "Posix"]),
    // Layer 3: where images lie, and images that are built.
    .target(name: "Datastores", dependencies: ["ImageTransfer", "Checksums", "DriverProtocol", "Posix"]),
    .target(
        name: "ContainerImages",
        dependencies: ["ImageTransfer", "Catalog", "HTTP", "Checksums", "JSON", "DriverProtocol", "Bytes", "Posix"]),
    // Layer 4: what all imports and exports of apps share.
    .target(
        name: "AppTransfer",
        dependencies: [
            "ContainerImages", "Datastores", "ImageTransfer", "S3", "Catalog", "HTTP", "Checksums", "DriverProtocol",
            "Posix",
        ]),
]

let backends: [Target] = drivers.map { driver in
    .target(name: driver.backend, dependencies: driver.imports, path: "Sources/Backends/\(driver.backend)")
}

/// The Swift runtime is linked in: an executable needs no library of the toolchain then, starts sooner, and is copied as
/// one file. A release has no symbols, which would double its size.
let linking: [LinkerSetting] = [
    .unsafeFlags(["-static-stdlib"]), .unsafeFlags(["-Xlinker", "-s"], .when(configuration: .release)),
]

let executables: [Target] = [
    .executableTarget(
        name: "market-drivers", dependencies: ["DriverProtocol", "Posix"] + backends.map { .byName(name: $0.name) },
        linkerSettings: linking),
    .executableTarget(name: "one_market", dependencies: ["OneMarket"], linkerSettings: linking),
]

/// The modules that have unit tests of their own, `XMLTests`, and what these import beside the module itself.
let unitTests: [(module: String, imports: [Target.Dependency])] = [
    ("Posix", []),
    ("XML", ["Posix"]),
    ("JSON", []),
    ("DriverProtocol", ["XML", "Posix"]),
    ("Checksums", ["COpenSSL", "CChecksums", "DriverProtocol", "Bytes"]),
    ("HTTP", ["DriverProtocol", "Bytes", "Posix"]),
    ("OneMarket", ["DriverProtocol", "Posix"]),
    ("S3", ["HTTP", "Checksums", "DriverProtocol", "XML", "Bytes", "Posix"]),
    ("Catalog", ["DriverProtocol"]),
    ("ImageTransfer", ["Checksums", "DriverProtocol", "Posix"]),
    ("Datastores", ["ImageTransfer", "DriverProtocol"]),
    ("ContainerImages", ["DriverProtocol", "Posix"]),
    ("AppTransfer", ["DriverProtocol"]),
]

/// Those of them that are tested with servers, too, in `HTTPServerTests`.
let serverTests = unitTests.filter { ["HTTP", "S3"].contains($0.module) }

/// `ActionTests` runs the built executables, the `…ServerTests` and `DatastoresTests` start servers; the others each test
/// the module of their name, and need neither: they are the unit tests of `Tests/run`.
let tests: [Target] =
    [
        .target(name: "TestSupport", dependencies: ["DriverProtocol", "XML", "Posix"], path: "Tests/TestSupport"),
        .executableTarget(
            name: "idle-action", dependencies: ["DriverProtocol", "Posix"], path: "Tests/Rigs/IdleAction"),
        .executableTarget(name: "digest-race", dependencies: ["Checksums"], path: "Tests/Rigs/DigestRace"),
    ]
    + unitTests.map { module, imports in
        .testTarget(name: module + "Tests", dependencies: [.byName(name: module), "TestSupport"] + imports)
    }
    + serverTests.map { module, imports in
        .testTarget(name: module + "ServerTests", dependencies: [.byName(name: module), "TestSupport"] + imports)
    } + [
        .testTarget(name: "ServerTests", dependencies: ["TestSupport", "Posix"]),
        .testTarget(
            name: "BackendTests",
            dependencies: ["TestSupport", "Catalog", "JSON", "DriverProtocol", "Posix"]
                + backends.map { .byName(name: $0.name) }),
        // Without a dependency on the executables, whose linking would become the test bundle's.
        .testTarget(
            name: "ActionTests",
            dependencies: ["TestSupport", "DriverProtocol", "XML", "Bytes", "Posix", "idle-action"]),
    ]

let package = Package(
    name: "market-drivers",
    targets: modules + backends + executables + tests,
    swiftLanguageModes: [.v6]
)
