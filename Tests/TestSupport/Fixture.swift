import Foundation

/// Files that the tests bring along, under Tests/Fixtures.
package enum Fixture {
    /// The checkout's root.
    package static let packageRoot = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    package static func path(_ name: String) -> String {
        packageRoot.appending(path: "Tests/Fixtures/\(name)").path
    }

    package static func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(filePath: path(name))))
    }

    package static func text(_ name: String) throws -> String {
        String(decoding: try bytes(name), as: UTF8.self)
    }

    /// The names of the recorded messages that end in `suffix`: `.xml`.
    package static func messages(endingIn suffix: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path("messages")).filter { $0.hasSuffix(suffix) }.sorted()
    }
}
