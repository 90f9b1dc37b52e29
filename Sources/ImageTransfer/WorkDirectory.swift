import DriverProtocol
import Glibc
import Posix

/// A hidden directory for the files that are needed while something is built or unpacked. It is removed with its last reference; a
/// directory that a killed process has left is removed by the next one.
package final class WorkDirectory {
    private static let prefix = ".market-drivers-"
    private static let suffix = ".work"
    private static let attempts = 10
    /// Microseconds between two attempts to remove a directory.
    private static let pause: useconds_t = 100_000

    package let path: String
    /// Locked while the directory is in use.
    private let lock: FileDescriptor

    /// A `NAME=value` in the environment of each program that works here, by which the program is found and ended
    /// before the directory is removed.
    package var mark: String { Self.mark(path) }

    package init(in directory: String) throws(DriverError) {
        Self.removeAbandoned(in: directory)
        do throws(SystemError) {
            (path, lock) = try Self.makeLocked(in: directory)
        } catch {
            throw DriverError("make", "a work directory in \(quoted(directory))", error)
        }
    }

    private static func makeLocked(in directory: String) throws(SystemError) -> (String, FileDescriptor) {
        while true {
            let path = joined(directory, prefix + randomName() + suffix)
            guard mkdir(path, 0o700) == 0 else { throw SystemError("mkdir", path) }
            do throws(SystemError) {
                let lock = try FileDescriptor.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
                // Until here another process may have taken the directory for an abandoned one, and removed it. That
                // cannot happen on a file system without locks.
                let isOurs = lock.tryLock() || errno != EWOULDBLOCK
                let (named, held) = try (FileStatus(path: path, followLinks: false), lock.status())
                if isOurs, named.inode == held.inode, named.device == held.device { return (path, lock) }
            } catch {
                guard error.code == ENOENT else {
                    rmdir(path)
                    throw error
                }
            }
        }
    }

    deinit {
        Self.remove(path)
    }

    private static func mark(_ path: String) -> String { "TMPDIR=\(path)" }

    /// Returns the path of a file in it.
    package func file(_ name: String) -> String { joined(path, name) }

    private static func removeAbandoned(in directory: String) {
        for name in (try? directoryEntries(directory)) ?? [] where name.hasPrefix(prefix) && name.hasSuffix(suffix) {
            let path = joined(directory, name)
            guard let status = try? FileStatus(path: path, followLinks: false), status.isDirectory,
                let directory = try? FileDescriptor.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW), directory.tryLock()
            else { continue }
            withExtendedLifetime(directory) { remove(path) }
        }
    }

    /// Removes the directory. Programs that still work in it are ended first: they could make new files meanwhile. Its
    /// owner may be unable to enter directories of an archive before their modes are changed, and only root of a
    /// namespace can remove what belongs to subordinate ids.
    private static func remove(_ path: String) {
        let removal = ["rm", "-rf", "--", path]
        var commands = [["chmod", "-R", "u+rwx", "--", path], removal]
        // Programs of a container bear no mark. They end with one that does, but a moment after it.
        for _ in 0..<attempts {
            MarkedProcesses.end(mark(path), in: path)
            for command in commands { _ = try? Command(command).run(timeout: 600, interruptible: false) }
            guard access(path, F_OK) == 0 else { return }
            if commands.count == 2, let ids = try? SubordinateIDs.current() {
                commands.append(UserNamespace(ids: ids).command(removal))
            } else {
                usleep(pause)
            }
        }
    }
}
