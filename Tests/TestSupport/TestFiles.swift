import Foundation
import Glibc
import Posix

/// Facts about files, from the programs that a user would ask.
package enum TestFiles {
    /// Returns `count` bytes that look random and are the same every time.
    package static func noise(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        var bytes = [UInt8](repeating: 0, count: count)
        bytes.withUnsafeMutableBytes { buffer in
            var offset = 0
            while offset < count {
                state ^= state << 13
                state ^= state >> 7
                state ^= state << 17
                if count - offset >= 8 {
                    buffer.storeBytes(of: state, toByteOffset: offset, as: UInt64.self)
                } else {
                    for index in offset..<count { buffer[index] = UInt8(truncatingIfNeeded: state >> (index % 8 * 8)) }
                }
                offset += 8
            }
        }
        return bytes
    }

    /// Makes a file `length` bytes long with `data` at these offsets and holes everywhere else.
    @discardableResult
    package static func makeSparse(_ path: String, length: Int64, data: [Int64: [UInt8]]) throws -> String {
        let file = try FileDescriptor.open(path, O_RDWR | O_CREAT | O_TRUNC, mode: 0o644)
        for (offset, bytes) in data { try bytes.withUnsafeBytes { try file.writeAll($0, at: offset) } }
        try file.truncate(to: length)
        return path
    }

    /// Makes a FIFO, and returns its path.
    @discardableResult
    package static func makePipe(_ path: String) throws -> String {
        try retrying("mkfifo", path) { mkfifo(path, 0o666) }
        return path
    }

    package static func md5(_ path: String) throws -> String { try digest("md5sum", path) }
    package static func sha256(_ path: String) throws -> String { try digest("sha256sum", path) }

    private static func digest(_ program: String, _ path: String) throws -> String {
        // From standard input: a file name with a newline makes md5sum escape its line.
        let outcome = try run(["sh", "-c", "exec \"$1\" < \"$2\"", "sh", program, path])
        return String(outcome.output.prefix { $0 != " " })
    }

    package static func status(_ path: String) throws -> FileStatus {
        try FileStatus(path: path, followLinks: false)
    }

    /// Makes an image with qemu-img, and returns its path.
    @discardableResult
    package static func makeImage(_ path: String, format: String, size: String, options: [String] = []) throws -> String
    {
        try succeed(["qemu-img", "create", "-q", "-f", format] + options + [path, size])
        return path
    }

    /// Runs a program that has to succeed.
    @discardableResult
    package static func succeed(_ arguments: [String]) throws -> Outcome {
        let outcome = try run(arguments)
        guard outcome.status.isSuccess else { throw Failed(arguments, outcome) }
        return outcome
    }

    package struct Failed: Error {
        package let arguments: [String]
        package let outcome: Outcome

        package init(_ arguments: [String], _ outcome: Outcome) {
            self.arguments = arguments
            self.outcome = outcome
        }
    }
}
