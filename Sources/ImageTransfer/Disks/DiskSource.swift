import DriverProtocol
import Posix

/// The disk that an image file holds, in its order and with its holes, without a copy of it on this machine: qemu-nbd
/// reads the file, whatever its format.
package final class DiskSource: ImageSource {
    package let name: String
    private let child: Child
    private let connection: NBDConnection
    private var position: UInt64 = 0
    /// What is known of the disk behind ``position``.
    private var extents: [NBDConnection.Extent] = []

    /// Opens the image at `path`, which has been described: it needs no other files. Errors call it `name`.
    package init(path: String, format: String, name: String) throws {
        self.name = name
        let script = "exec 3<&0 < /dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec \"$@\""
        let command = ["qemu-nbd", "--read-only", "--discard=ignore", "--format=\(format)", "--", path]
        do {
            let socket = try ConnectedSocket()
            child = try Child(
                ["/bin/sh", "-c", script, "sh"] + command, input: .descriptor(socket.server), output: .null)
            do {
                connection = try NBDConnection(socket.client)
            } catch let error as NBDConnection.Malformed {
                throw Self.error(name, error, child)
            }
        } catch let error as SystemError {
            throw DriverError("run qemu-nbd on", "the image \(quoted(name))", error)
        }
    }

    deinit {
        connection.disconnect()
        child.terminate(grace: 1)
    }

    package var length: UInt64? { connection.size }
    package var storageSize: UInt64? { nil }

    package func next(into buffer: UnsafeMutableRawBufferPointer) throws -> Segment {
        do {
            guard position < connection.size else { return .end }
            if extents.isEmpty { extents = try connection.extents(from: position).reversed() }
            let extent = extents.removeLast()
            let rest = min(extent.length, connection.size - position)
            guard !extent.isZero else {
                position += rest
                return .hole(rest)
            }
            let count = min(buffer.count, Int(clamping: rest))
            try connection.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]), at: position)
            position += UInt64(count)
            if UInt64(count) < rest { extents.append(.init(length: rest - UInt64(count), isZero: false)) }
            return .data(count)
        } catch let error as NBDConnection.Malformed {
            throw Self.error(name, error, child)
        } catch let error as SystemError {
            throw DriverError("read", "the image \(quoted(name))", error)
        }
    }

    private static func error(_ name: String, _ error: NBDConnection.Malformed, _ child: Child) -> DriverError {
        child.terminate(grace: 1)
        let words = child.lastComplaint()
        let isMissing = words?.hasSuffix("not found") == true
        return DriverError(
            "run qemu-nbd on", "the image \(quoted(name))", cause: words ?? "\(error)",
            remedy: isMissing ? "install the package qemu-utils" : "check the image: qemu-img check", underlying: error)
    }
}
