import DriverProtocol
import Glibc
import Posix

package struct LocalDirectory: ImageDirectory {
    package let path: String
    private let log: Log

    package init(path: String, log: Log) {
        self.path = path
        self.log = log
    }

    package func space() throws -> FileSystemSpace {
        do {
            let status = try FileStatus(path: path)
            guard status.isDirectory else { throw SystemError("statvfs", path, code: ENOTDIR) }
            return try FileSystemSpace(of: path)
        } catch let error as SystemError {
            throw DriverError("use", "the directory \(quoted(path))", error)
        }
    }

    package var isRemote: Bool { false }

    package func removeAbandoned() {
        PendingFile.removeAbandoned(in: path)
    }

    /// Throws a ``DriverError`` unless there is room for `needed` bytes; nil only checks that the directory can be used.
    package func checkRoom(for needed: UInt64?) throws {
        try ImageTransfer.checkRoom(needed: needed, space(), in: path)
    }

    package func make(needing needed: UInt64?) throws -> (() -> Void)? {
        let isNew = mkdir(path, 0o750) == 0
        guard isNew || errno == EEXIST else {
            throw DriverError("make", "the directory \(quoted(path))", SystemError("mkdir", path))
        }
        let undo: () -> Void = { [path] in rmdir(path) }
        do {
            try checkRoom(for: needed)
        } catch let error as DriverError where !isNew && error.isOfMissingFile {
            // Whoever made it has taken it back meanwhile.
            return try make(needing: needed)
        } catch {
            if isNew { undo() }
            throw error
        }
        return isNew ? undo : nil
    }

    /// A ``FileSink`` also has the file's temporary path.
    package func makeSink(_ names: ImageNames, mode: UInt32, needing needed: UInt64?) throws -> FileSink {
        removeAbandoned()
        try checkRoom(for: needed)
        return try FileSink(directory: path, names, mode: mode, log: log)
    }

    /// Begins a hidden file, which replaces the file `name` when it is published.
    ///
    /// - Parameter needed: bytes that must have room; nil if that is not known.
    package func makeSink(replacing name: String, mode: UInt32, needing needed: UInt64?) throws -> FileSink {
        removeAbandoned()
        try checkRoom(for: needed)
        return try FileSink(directory: path, ImageNames(name), mode: mode, replaces: true, log: log)
    }

    package func remove(_ name: String) throws -> Bool {
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
