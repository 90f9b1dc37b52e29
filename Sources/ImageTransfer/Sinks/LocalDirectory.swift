import DriverProtocol
import Glibc
import Posix

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
