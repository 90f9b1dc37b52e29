import DriverProtocol
import Glibc
import Posix

/// The file of keys that Amazon's tools share: `[profile]` sections of `name = value` lines.
enum CredentialsFile {
    private static let limit = 1 << 20

    /// The keys of `profile`. Throws a ``DriverError`` that names the attribute, the file and what is wrong, and nothing
    /// of what stands in the file.
    static func read(_ path: String, profile: String, log: Log) throws(DriverError) -> S3Credentials {
        let text = try contents(of: path, log: log)
        let fields = values(in: text, profile: profile)
        guard let fields else {
            throw problem(path, "it has no profile [\(profile)]", remedy: "correct PROFILE, or add that section")
        }
        func required(_ name: String) throws(DriverError) -> String {
            guard let value = fields[name], !value.isEmpty else {
                throw problem(path, "[\(profile)] has no \(name)", remedy: "add it to that section")
            }
            return value
        }
        let token = fields["aws_session_token"] ?? ""
        return S3Credentials(
            accessKeyID: try required("aws_access_key_id"), secretAccessKey: try required("aws_secret_access_key"),
            sessionToken: token.isEmpty ? nil : token)
    }

    private static func contents(of path: String, log: Log) throws(DriverError) -> String {
        guard path.hasPrefix("/") else {
            throw problem(path, "it is no absolute path", remedy: "begin it with /")
        }
        do throws(SystemError) {
            let file = try FileDescriptor.open(path, O_RDONLY | O_NONBLOCK)
            var status = stat()
            if fstat(file.number, &status) == 0, status.st_mode & 0o004 != 0 {
                log.warning("CREDENTIALS_FILE \(quoted(path)) can be read by every user: chmod 600 is better")
            }
            guard let bytes = try file.readToEnd(limit: limit) else {
                throw SystemError("read", path, code: EFBIG)
            }
            return String(decoding: bytes, as: UTF8.self)
        } catch {
            throw problem(path, error.cause, remedy: "make it readable for the user that runs oned (oneadmin)")
        }
    }

    private static func problem(_ path: String, _ cause: String, remedy: String) -> DriverError {
        DriverError("use", "CREDENTIALS_FILE \(quoted(path))", cause: cause, remedy: remedy)
    }

    /// The values of a section, nil where there is no such section.
    static func values(in text: String, profile: String) -> [String: String]? {
        var fields: [String: String]?
        var isInside = false
        for line in text.split(whereSeparator: \.isNewline) {
            let line = trimmed(line)
            if line.hasPrefix("#") || line.hasPrefix(";") { continue }
            if line.hasPrefix("["), line.hasSuffix("]") {
                isInside = trimmed(line.dropFirst().dropLast()) == profile
                if isInside { fields = fields ?? [:] }
            } else if isInside, let equals = line.firstIndex(of: "=") {
                let name = String(trimmed(line[..<equals])).lowercased()
                fields?[name] = String(trimmed(line[line.index(after: equals)...]))
            }
        }
        return fields
    }

    private static func trimmed(_ text: Substring) -> Substring {
        let start = text.drop(while: \.isWhitespace)
        let end = start.lastIndex { !$0.isWhitespace }
        return end.map { start[...$0] } ?? ""
    }
}
