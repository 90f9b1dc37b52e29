import CPosix
import Glibc

/// A file that is being written under a hidden temporary name beside its target, and becomes visible, whole, by
/// ``publish(as:mode:)``. Dropped before that, it is removed.
///
/// The writer holds a lock on it. A pending file that nobody has locked was left by a killed process:
/// ``removeAbandoned(in:)`` removes it.
package final class PendingFile {
    private static let prefix = ".market-drivers-"
    private static let suffix = ".part"
    private static let companionSuffix = ".converted"
    private static let creationLimit = 100

    package let descriptor: FileDescriptor
    package let directory: String
    /// The temporary path.
    package let path: String
    /// The error if ``publish(as:mode:)`` could not give the file its mode: not every file system has modes.
    package private(set) var modeFailure: SystemError?
    private let renaming: Renaming
    private var isPending = true

    /// Creates the temporary file, mode 0600, in `directory`. Throws now, not when all has been written, if a file
    /// could not be published there.
    package init(in directory: String) throws(SystemError) {
        self.directory = directory
        let (first, file) = try Self.createLocked(in: directory)
        let second = Self.newPath(in: directory)
        do {
            renaming = try Renaming.first(from: first, to: second)
        } catch {
            unlink(first)
            throw error
        }
        (path, descriptor) = (second, file)
    }

    /// A second temporary file, for a program that turns the first into something else. It counts as in use while the
    /// first one's lock is held. It has no lock of its own, because the program may want one.
    package init(companionOf other: PendingFile) throws(SystemError) {
        directory = other.directory
        path = other.path + Self.companionSuffix
        renaming = other.renaming
        descriptor = try FileDescriptor.open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600)
    }

    private static func newPath(in directory: String) -> String { joined(directory, prefix + randomName() + suffix) }

    private static func createLocked(in directory: String) throws(SystemError) -> (String, FileDescriptor) {
        for _ in 0..<creationLimit {
            let path = newPath(in: directory)
            let file = try FileDescriptor.open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600)
            // Between the two calls another process may have taken the file for an abandoned one. That cannot happen on
            // a file system without locks.
            let isOurs = file.tryLock() || errno != EWOULDBLOCK
            if isOurs, access(path, F_OK) == 0 { return (path, file) }
            unlink(path)
        }
        throw SystemError("create", joined(directory, prefix + "*" + suffix), code: ENOENT)
    }

    deinit {
        discard()
    }

    /// Removes the temporary file.
    package func discard() {
        guard isPending else { return }
        isPending = false
        unlink(path)
    }

    /// Makes the file durable and gives it the first of `names` that is free in the directory: fsync(2), then a rename
    /// that replaces nothing. Returns the name taken. The caller provides an endless sequence of candidates.
    package func publish(as names: some Sequence<String>, mode: mode_t) throws(SystemError) -> String {
        try finish(mode: mode)
        for name in names {
            do {
                try renaming.apply(from: path, to: joined(directory, name))
            } catch  where error.code == EEXIST {
                continue
            }
            settle()
            return name
        }
        throw SystemError("rename", path, code: EEXIST)
    }

    /// Makes the file durable and gives it a name in the directory, replacing the file of that name: fsync(2),
    /// rename(2).
    package func publish(replacing name: String, mode: mode_t) throws(SystemError) {
        try finish(mode: mode)
        let target = joined(directory, name)
        try retrying("rename", target) { rename(path, target) }
        settle()
    }

    private func finish(mode: mode_t) throws(SystemError) {
        do {
            try descriptor.changeMode(mode)
        } catch {
            modeFailure = error
        }
        try descriptor.synchronize()
    }

    private func settle() {
        isPending = false
        Self.synchronizeDirectory(directory)
    }

    /// Makes a rename in `directory` durable. Failures do not matter, since not every file system can.
    package static func synchronizeDirectory(_ directory: String) {
        guard let descriptor = try? FileDescriptor.open(directory, O_RDONLY | O_DIRECTORY) else { return }
        try? descriptor.synchronize()
    }

    /// Removes what killed processes have left in `directory`. Returns the number of files removed.
    @discardableResult
    package static func removeAbandoned(in directory: String) -> Int {
        guard let names = try? directoryEntries(directory) else { return 0 }
        var count = 0
        for name in names where name.hasPrefix(prefix) {
            let isCompanion = name.hasSuffix(suffix + companionSuffix)
            guard isCompanion || name.hasSuffix(suffix) else { continue }
            let path = joined(directory, name)
            let lockedPath = isCompanion ? String(path.dropLast(companionSuffix.count)) : path
            if remove(path, lockedBy: lockedPath, orMissing: isCompanion) { count += 1 }
        }
        return count
    }

    /// Removes `path` if nobody has locked it. Returns whether it has.
    private static func remove(_ path: String, lockedBy lockedPath: String, orMissing missing: Bool) -> Bool {
        do {
            // Opened for writing, since NFS gives an exclusive lock to nobody else.
            let file = try FileDescriptor.open(lockedPath, O_RDWR | O_NOFOLLOW | O_NONBLOCK)
            // Locked until the file is gone: its maker must not take the lock in between.
            return withExtendedLifetime(file) { file.tryLock() && unlink(path) == 0 }
        } catch {
            return missing && error.code == ENOENT && unlink(path) == 0
        }
    }
}
