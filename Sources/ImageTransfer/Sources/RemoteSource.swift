import DriverProtocol
import Posix

/// A file or a block device that a host sends over ssh: the source `ssh://HOST:PATH`.
package final class RemoteSource: ImageSource {
    private static let scheme = "ssh://"

    package let name: String
    package let length: UInt64?
    private let size: UInt64
    private let shell: RemoteShell
    private var received: UInt64 = 0

    /// Connects to the host, and asks it for the file. Throws if either is not there.
    package init(_ location: Location, _ request: Request) throws {
        name = "\(location)"
        guard let (host, path) = Self.parts(of: location) else {
            throw readError(name, cause: "it names no path", remedy: "write ssh://HOST:PATH")
        }
        guard isAbsolute(path) else {
            throw readError(name, cause: "its path is not absolute", remedy: "write ssh://HOST:/PATH")
        }
        do {
            shell = try BridgeHosts(host: host, request).run(RemoteScript.read, ["/", path])
            let words = try shell.answer("size")
            guard words.count == 1, let size = UInt64(words[0]), size <= Int64.max else {
                throw RemoteFailure(
                    host: host, reason: "its size is said to be \(quoted(words.joined(separator: " ")))")
            }
            self.size = size
        } catch let failure as RemoteFailure {
            throw failure.error("read", "the image \(quoted(path))")
        }
        length = size
    }

    /// Returns the path in `ssh://HOST:PATH`, or nil if `location` is none.
    package static func path(of location: Location) -> String? { parts(of: location)?.path }

    private static func parts(of location: Location) -> (host: String, path: String)? {
        guard location.text.hasPrefix(scheme) else { return nil }
        let location = location.text.dropFirst(scheme.count)
        guard let colon = colon(of: location), location.index(after: colon) < location.endIndex else { return nil }
        return (String(location[..<colon]), String(location[location.index(after: colon)...]))
    }

    /// Returns the colon between host and path: the one before the first slash, since an address of IPv6 has colons in
    /// it.
    private static func colon(of location: Substring) -> String.Index? {
        let slash = location.firstIndex(of: "/") ?? location.endIndex
        if slash < location.endIndex, location[..<slash].last == ":" { return location.index(before: slash) }
        return location.firstIndex(of: ":")
    }

    package var storageSize: UInt64? { length }

    package func next(into buffer: UnsafeMutableRawBufferPointer) throws -> Segment {
        guard received < size else {
            try checkUnchanged()
            return .end
        }
        let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(buffer.count, Int(clamping: size - received))])
        let count = try shell.read(into: part)
        received += UInt64(count)
        guard count > 0 else {
            throw readError(
                name, cause: "\(received) of \(size) bytes came: \(try shell.failure())",
                remedy: "check the network and that nothing writes to the image, and try again")
        }
        return .data(count)
    }

    private func checkUnchanged() throws {
        do {
            guard try shell.answer().first != "same" else { return }
        } catch let failure as RemoteFailure {
            throw failure.error("read", "the image \(quoted(name))")
        }
        throw readError(
            name, cause: "it was changed while it was read", remedy: "leave the image alone until the import has ended")
    }
}
