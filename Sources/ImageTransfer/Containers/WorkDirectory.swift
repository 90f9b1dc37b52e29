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

    init(in directory: String) throws(DriverError) {
        Self.removeAbandoned(in: directory)
        path = joined(directory, Self.prefix + randomName() + Self.suffix)
        guard mkdir(path, 0o700) == 0 else { throw Self.failure(directory, SystemError("mkdir", path)) }
        do {
            lock = try FileDescriptor.open(path, O_RDONLY | O_DIRECTORY)
        } catch {
            rmdir(path)
            throw Self.failure(directory, error)
        }
        _ = lock.tryLock()
    }

    deinit {
        Self.remove(path)
    }

    private static func failure(_ directory: String, _ error: SystemError) -> DriverError {
        DriverError("build", "an image in \(quoted(directory))", error)
    }

    /// The path of a file in it.
    func file(_ name: String) -> String { joined(path, name) }

    private static func removeAbandoned(in directory: String) {
        for name in (try? directoryEntries(directory)) ?? [] where name.hasPrefix(prefix) && name.hasSuffix(suffix) {
            let path = joined(directory, name)
            guard let status = try? FileStatus(path: path, followLinks: false), status.isDirectory,
                let directory = try? FileDescriptor.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW), directory.tryLock()
            else { continue }
            remove(path)
        }
    }

    /// An archive's directories may be such as their owner cannot enter.
    private static func remove(_ path: String) {
        for arguments in [["chmod", "-R", "u+rwx", "--", path], ["rm", "-rf", "--", path]] {
            _ = try? Command(arguments).run(timeout: 600, interruptible: false)
        }
    }
}
