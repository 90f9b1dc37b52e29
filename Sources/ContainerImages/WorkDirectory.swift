import DriverProtocol
import Glibc
import Posix

/// A hidden directory for what is needed while an image is built. It goes, with all that is in it, with its last
/// reference; what a killed process has left is removed by the next one.
final class WorkDirectory {
    private static let prefix = ".market-drivers-"
    private static let suffix = ".work"

    let path: String
    /// Its lock tells that it is in use.
    private let lock: FileDescriptor

    /// A `NAME=value` that each program that works here has in its environment: it is found by that, and ended, before
    /// the directory goes.
    var mark: String { Self.mark(path) }

    init(in directory: String) throws(DriverError) {
        Self.removeAbandoned(in: directory)
        do throws(SystemError) {
            (path, lock) = try Self.makeLocked(in: directory)
        } catch {
            throw DriverError("build", "an image in \(quoted(directory))", error)
        }
    }

    private static func makeLocked(in directory: String) throws(SystemError) -> (String, FileDescriptor) {
        while true {
            let path = joined(directory, prefix + randomName() + suffix)
            guard mkdir(path, 0o700) == 0 else { throw SystemError("mkdir", path) }
            do throws(SystemError) {
                let lock = try FileDescriptor.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
                // Until here another process may have taken the directory for an abandoned one, which it then removes. A
                // file system that knows no locks is no obstacle: nobody can take it for an abandoned one there.
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

    /// The path of a file in it.
    func file(_ name: String) -> String { joined(path, name) }

    private static func removeAbandoned(in directory: String) {
        for name in (try? directoryEntries(directory)) ?? [] where name.hasPrefix(prefix) && name.hasSuffix(suffix) {
            let path = joined(directory, name)
            guard let status = try? FileStatus(path: path, followLinks: false), status.isDirectory,
                let directory = try? FileDescriptor.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW), directory.tryLock()
            else { continue }
            withExtendedLifetime(directory) { remove(path) }
        }
    }

    /// What still works in it is ended first: it could make files while others go. An archive's directories may be such as
    /// their owner cannot enter.
    private static func remove(_ path: String) {
        MarkedProcesses.end(mark(path), in: path)
        for arguments in [["chmod", "-R", "u+rwx", "--", path], ["rm", "-rf", "--", path]] {
            _ = try? Command(arguments).run(timeout: 600, interruptible: false)
        }
    }
}
