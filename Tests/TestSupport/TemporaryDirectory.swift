import Foundation
import Glibc
import Posix

/// A new directory that goes, with all that is in it, with its last reference.
package final class TemporaryDirectory: Sendable {
    package let path: String

    package init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "market-drivers-test-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    package func path(_ name: String) -> String { path + "/" + name }

    /// Makes a directory in it, and returns its path.
    package func makeDirectory(_ name: String) throws -> String {
        try FileManager.default.createDirectory(atPath: path(name), withIntermediateDirectories: true)
        return path(name)
    }

    /// Makes a file in it, and returns its path. Foundation would wait for the disk: fsync(2).
    @discardableResult
    package func write(_ name: String, _ bytes: some Sequence<UInt8>, mode: mode_t = 0o644) throws -> String {
        let file = try FileDescriptor.open(path(name), O_WRONLY | O_CREAT | O_TRUNC, mode: mode)
        try file.changeMode(mode)
        try file.writeAll(Array(bytes))
        return path(name)
    }

    /// The names in `directory` below it, hidden ones included, sorted.
    package func names(in directory: String = "") throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path(directory)).sorted()
    }
}
