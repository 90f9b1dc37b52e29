// swift-tools-version: 6.0
import PackageDescription

/// One row for each driver: the backend's module, its folder under `remotes/`, and its actions. Each action becomes an
/// executable, `market-http-import`, from `Sources/Actions/market/http/import/main.swift`.
let drivers: [(backend: String, folder: String, actions: [String])] = [
    ("MarketHTTP", "market/http", ["import", "delete", "monitor", "export"]),
    ("MarketS3", "market/s3", ["import", "delete", "monitor", "export"]),
    ("MarketOne", "market/one", ["import", "delete", "monitor", "export"]),
    ("MarketLinuxContainers", "market/linuxcontainers", ["import", "delete", "monitor", "export"]),
    ("DatastoreFS", "datastore/fs", ["export"]),
]

let systemLibraries = ["COpenSSL"]

/// The floors of the house, from the bottom up: a module imports what stands below it.
let modules: [Target] = [
    .target(name: "CCurl"),
    // Optimised in a debug build, too: the tests digest as much as the drivers do.
    .target(name: "CChecksums", cSettings: [.unsafeFlags(["-O2"])]),
    .target(name: "CPosix"),
    .target(name: "Posix", dependencies: ["CPosix"]),
    .target(name: "DriverProtocol", dependencies: ["Posix"]),
    .target(name: "JSON"),
    .target(name: "Checksums", dependencies: ["COpenSSL", "CChecksums"]),
    .target(name: "HTTP", dependencies: ["CCurl", "DriverProtocol", "Posix"]),
    .target(name: "S3", dependencies: ["COpenSSL", "Checksums", "HTTP", "DriverProtocol", "Posix"]),
    .target(name: "Catalog", dependencies: ["Checksums", "HTTP", "JSON", "DriverProtocol", "Posix"]),
    .target(
        name: "ImageTransfer",
        dependencies: ["COpenSSL", "Checksums", "S3", "Catalog", "HTTP", "JSON", "DriverProtocol", "Posix"]),
    .target(name: "OneMarket", dependencies: ["DriverProtocol", "Posix"]),
]

let backends: [Target] = drivers.map { driver in
    .target(
        name: driver.backend, dependencies: ["ImageTransfer", "S3", "Catalog", "JSON", "DriverProtocol", "Posix"],
        path: "Sources/Backends/\(driver.backend)")
}

let actions: [Target] = drivers.flatMap { driver in
    driver.actions.map { action in
        .executableTarget(
            name: (driver.folder + "/" + action).replacing("/", with: "-"),
            dependencies: [.byName(name: driver.backend)],
            path: "Sources/Actions/\(driver.folder)/\(action)")
    }
}

/// `ActionTests` runs the built executables; the others each test the module of their name.
let tests: [Target] =
    [
        .target(name: "TestSupport", dependencies: ["DriverProtocol", "Posix"], path: "Tests/TestSupport"),
        .executableTarget(
            name: "idle-action", dependencies: ["DriverProtocol", "Posix"], path: "Tests/Rigs/IdleAction"),
        .executableTarget(name: "digest-race", dependencies: ["Checksums"], path: "Tests/Rigs/DigestRace"),
    ]
    + ["Posix", "DriverProtocol", "JSON", "HTTP", "S3", "Catalog", "ImageTransfer", "OneMarket"].map { module in
        .testTarget(name: module + "Tests", dependencies: [.byName(name: module), "TestSupport"])
    } + [
        .testTarget(
            name: "ChecksumsTests",
            dependencies: ["COpenSSL", "Checksums", "CChecksums", "DriverProtocol", "TestSupport"]),
        .testTarget(
            name: "BackendTests",
            dependencies: ["TestSupport", "Catalog", "JSON", "DriverProtocol", "Posix"]
                + backends.map { .byName(name: $0.name) }),
        .testTarget(
            name: "ActionTests",
            dependencies: ["TestSupport", "DriverProtocol", "one_market", "idle-action"]
                + actions.map { .byName(name: $0.name) }),
    ]

let package = Package(
    name: "market-drivers",
    targets: systemLibraries.map { .systemLibrary(name: $0) } + modules + backends + actions + [
        .executableTarget(name: "one_market", dependencies: ["OneMarket"])
    ] + tests,
    swiftLanguageModes: [.v6]
)
