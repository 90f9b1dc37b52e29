import DriverProtocol
import Glibc
import Posix

/// A directory of images, on this machine or on a bridge host.
public protocol ImageDirectory {
    /// The room of its file system.
    func space() throws -> FileSystemSpace
    /// Begins a hidden file, after a look whether `needed` bytes have room; nil where that is not known.
    func makeSink(needing needed: UInt64?) throws -> any ImageSink
    /// Removes a regular file: false where there was none of that name.
    func remove(_ name: String) throws -> Bool
}

/// The directory `path`, reached through `bridge` where there is one.
public func imageDirectory(_ path: String, bridge: BridgeHosts?) throws -> any ImageDirectory {
    guard path.hasPrefix("/") else {
        throw DriverError(
            "use", "the directory \(quoted(path))", cause: "it is no absolute path", remedy: "begin it with /")
    }
    guard !path.utf8.contains(0) else {
        throw DriverError("use", "the directory \(quoted(path))", cause: "it has a NUL", remedy: "correct the path")
    }
    return bridge.map { RemoteDirectory(path: path, hosts: $0) } ?? LocalDirectory(path: path)
}

private func checkRoom(needed: UInt64?, available: UInt64, in directory: String) throws(DriverError) {
    guard let needed, needed > available else { return }
    throw DriverError(
        "write", "an image to \(quoted(directory))",
        cause: "\(megabytes(roundingUp: needed)) MB are needed and \(available >> 20) MB are free",
        remedy: "free some space there")
}

public struct LocalDirectory: ImageDirectory {
    public let path: String

    public init(path: String) {
        self.path = path
    }

    public func space() throws -> FileSystemSpace {
        do {
            let status = try FileStatus(path: path)
            guard status.isDirectory else { throw SystemError("statvfs", path, code: ENOTDIR) }
            return try FileSystemSpace(of: path)
        } catch let error as SystemError {
            throw DriverError("use", "the directory \(quoted(path))", error)
        }
    }

    public func makeSink(needing needed: UInt64?) throws -> any ImageSink {
        try makeFileSink(needing: needed)
    }

    /// As ``makeSink(needing:)``, for those who need the file's temporary path.
    public func makeFileSink(needing needed: UInt64?) throws -> FileSink {
        let available = try space().available
        PendingFile.removeAbandoned(in: path)
        try checkRoom(needed: needed, available: available, in: path)
        return try FileSink(directory: path)
    }

    public func remove(_ name: String) throws -> Bool {
        let file = joined(path, name)
        do {
            let status = try FileStatus(path: file, followLinks: false)
            guard status.isRegularFile else {
                throw DriverError(
                    "delete", quoted(file), cause: "it is \(status.kind)",
                    remedy: "remove it by hand if it is not needed")
            }
            try retrying("unlink", file) { unlink(file) }
            return true
        } catch let error as SystemError {
            // The directory itself must be there: one that is not mounted has lost nothing.
            if error.code == ENOENT, try space().total >= 0 { return false }
            throw DriverError("delete", quoted(file), error)
        }
    }
}

public struct RemoteDirectory: ImageDirectory {
    let path: String
    let hosts: BridgeHosts

    public func space() throws -> FileSystemSpace {
        try running("use", "the directory \(quoted(path))", RemoteScript.space, [path]) { try Self.space(of: $0) }
    }

    private static func space(of shell: RemoteShell) throws -> FileSystemSpace {
        let counts = try shell.answer("space").compactMap { UInt64($0) }
        guard counts.count == 4 else {
            throw RemoteFailure(host: shell.host, reason: "stat tells no sizes: the GNU core utilities are missing")
        }
        return FileSystemSpace(
            total: counts[1] * counts[0], used: (counts[1] - counts[2]) * counts[0], available: counts[3] * counts[0])
    }

    public func makeSink(needing needed: UInt64?) throws -> any ImageSink {
        let temporary = ".market-drivers-\(randomName()).part"
        return try running("write", "an image to \(quoted(path))", RemoteScript.store, [path, temporary]) { shell in
            try checkRoom(needed: needed, available: try Self.space(of: shell).available, in: "\(shell.host):\(path)")
            return RemoteSink(shell, directory: path)
        }
    }

    public func remove(_ name: String) throws -> Bool {
        try running("delete", quoted(joined(path, name)), RemoteScript.remove, [path, name]) { shell in
            try shell.answer().first == "removed"
        }
    }

    private func running<Result>(
        _ operation: String, _ object: String, _ script: String, _ arguments: [String],
        _ body: (RemoteShell) throws -> Result
    ) throws -> Result {
        do {
            return try body(try hosts.run(script, arguments))
        } catch let failure as RemoteFailure {
            throw failure.error(operation, object)
        }
    }
}
