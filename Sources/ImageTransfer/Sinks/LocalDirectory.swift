import DriverProtocol
import Glibc
import Posix

public struct LocalDirectory: ImageDirectory {
    public let path: String
    private let log: Log

    public init(path: String, log: Log) {
        self.path = path
        self.log = log
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

    public var isRemote: Bool { false }

    public func removeAbandoned() {
        PendingFile.removeAbandoned(in: path)
    }

    public func checkRoom(for needed: UInt64?) throws {
        try ImageTransfer.checkRoom(needed: needed, space(), in: path)
    }

    /// A ``FileSink`` also tells the file's temporary path.
    public func makeSink(_ names: ImageNames, mode: UInt32, needing needed: UInt64?) throws -> FileSink {
        removeAbandoned()
        try checkRoom(for: needed)
        return try FileSink(directory: path, names, mode: mode, log: log)
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
            if error.code == ENOENT {
                _ = try space()
                return false
            }
            throw DriverError("delete", quoted(file), error)
        }
    }
}
