import Glibc
import Posix

/// A file with secrets that an attribute of a marketplace names. Errors name the attribute and the file, and nothing of
/// its contents.
package struct SecretFile: Sendable {
    private static let limit = 1 << 20

    /// The attribute's name: `CREDENTIALS_FILE`.
    let attribute: String
    let path: String

    /// Opens nothing yet. Throws a ``DriverError`` if the path is relative.
    package init(_ attribute: String, path: String) throws(DriverError) {
        self.attribute = attribute
        self.path = path
        guard isAbsolute(path) else { throw problem("it is no absolute path", remedy: "begin it with /") }
    }

    /// Returns the file's text. Logs a warning if every user can read it. Throws a ``DriverError``.
    package func contents(log: Log) throws(DriverError) -> String {
        do throws(SystemError) {
            let file = try FileDescriptor.open(path, O_RDONLY | O_NONBLOCK)
            let status = try file.status()
            if status.isRegularFile, status.mode & 0o004 != 0 {
                log.warning("\(attribute) \(quoted(path)) can be read by every user: chmod 600 is better")
            }
            guard let bytes = try file.readToEnd(limit: Self.limit) else {
                throw SystemError("read", path, code: EFBIG)
            }
            return String(decoding: bytes, as: UTF8.self)
        } catch {
            throw problem(error.cause, remedy: Self.remedy(error.code))
        }
    }

    private static func remedy(_ code: Int32) -> String {
        switch code {
        case ENOENT, ENOTDIR: "correct the path, or write the file"
        case EISDIR: "name the file in it"
        case EFBIG: "name a file of keys: they are less than \(limit >> 20) MiB"
        default: "make it readable for the user that runs oned (oneadmin)"
        }
    }

    /// Returns the error of a file that cannot be used.
    package func problem(_ cause: String, remedy: String) -> DriverError {
        DriverError("use", "\(attribute) \(quoted(path))", cause: cause, remedy: remedy)
    }
}
