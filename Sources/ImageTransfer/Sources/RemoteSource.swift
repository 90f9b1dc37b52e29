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
    ///
    /// - Parameters:
    ///   - directories: paths that the host resolves for `check`.
    ///   - check: throws if the file must not be read. It gets the path, its links resolved on the host, and that of
    ///     each of `directories`, nil if there is none. No other file than that is opened.
    package init(
        _ location: Location, _ request: Request, resolving directories: [String] = [],
        check: (_ path: String, _ directories: [String?]) throws -> Void = { _, _ in }
    ) throws {
        name = "\(location)"
        guard let (host, path) = Self.parts(of: location) else {
            throw readError(name, cause: "it names no path", remedy: "write ssh://HOST:PATH")
        }
        guard isAbsolute(path) else {
            throw readError(name, cause: "its path is not absolute", remedy: "write ssh://HOST:/PATH")
        }
        do {
            shell = try BridgeHosts(host: host, request).run(RemoteScript.read, ["/", path])
            let resolved = try Self.resolve(directories, on: shell)
            try check(resolved.path, resolved.directories)
            try shell.send(RemoteScript.argument("go on"))
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

    /// Returns the paths of the file and of `directories`, without links.
    private static func resolve(
        _ directories: [String], on shell: RemoteShell
    ) throws -> (path: String, directories: [String?]) {
        func answer() throws -> String? {
            guard let word = try shell.answer("path").first, word != "-" else { return nil }
            return String(decoding: BridgeHosts.bytes(ofHexadecimal: word), as: UTF8.self)
        }
        guard let path = try answer(), isAbsolute(path) else {
            throw RemoteFailure(host: shell.host, reason: "readlink -f answered no path")
        }
        for directory in directories { try shell.send(RemoteScript.argument(directory)) }
        try shell.send(RemoteScript.argument(""))
        return (path, try directories.map { _ in try answer() })
    }

    /// Whether `location` is of this kind.
    package static func serves(_ location: Location) -> Bool { location.text.hasPrefix(scheme) }

    private static func parts(of location: Location) -> (host: String, path: String)? {
        guard serves(location) else { return nil }
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
