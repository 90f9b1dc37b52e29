import DriverProtocol
import Glibc
import Posix

/// Standard output, a pipe or a device: written bytes cannot be taken back, and holes are written as zeros.
package final class StreamSink: ImageSink {
    private static let zeros = [UInt8](repeating: 0, count: 256 << 10)
    /// Seconds between two looks for a reader of a named pipe.
    private static let readerInterval = 0.05

    package let name: String
    private let file: FileDescriptor

    package init(_ file: FileDescriptor) {
        self.file = file
        name = file.name
    }

    /// Opens the file at `path` for writing. Waits for a named pipe's reader, and empties a regular file. Throws
    /// ``DriverError`` or `Interrupted`.
    package convenience init(path: String) throws {
        self.init(try Self.open(path))
    }

    private static func open(_ path: String) throws -> FileDescriptor {
        while true {
            do {
                return try FileDescriptor.open(path, O_WRONLY | O_TRUNC | O_NONBLOCK | O_NOCTTY)
            } catch {
                guard error.code == ENXIO, isPipe(path) else {
                    throw DriverError("write", "to \(quoted(path))", error)
                }
            }
            try sleep(until: Clock.now + readerInterval)
        }
    }

    private static func isPipe(_ path: String) -> Bool { (try? FileStatus(path: path))?.isPipe == true }

    package func write(_ bytes: UnsafeRawBufferPointer) throws {
        try wrapping { try file.writeWhenReady(bytes) }
    }

    package func skip(_ count: UInt64) throws {
        var rest = count
        while rest > 0 {
            let step = Int(min(rest, UInt64(Self.zeros.count)))
            try Self.zeros.withUnsafeBytes { try write(UnsafeRawBufferPointer(rebasing: $0[..<step])) }
            rest -= UInt64(step)
        }
    }

    /// Makes a block device durable, and returns the name.
    package func publish() throws -> String {
        try wrapping {
            if try file.status().isBlockDevice { try file.synchronize() }
        }
        return name
    }

    /// Nothing can be taken back.
    package func discard() {}

    private func wrapping(_ body: () throws -> Void) throws {
        do {
            try body()
        } catch let error as SystemError {
            let remedy = error.code == EPIPE ? "let it lead to a reader that reads to the end" : nil
            throw DriverError("write", "to \(quoted(name))", error, remedy: remedy)
        }
    }
}
