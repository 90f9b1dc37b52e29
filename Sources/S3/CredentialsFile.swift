import Bytes
import DriverProtocol

/// The file of keys that Amazon's tools share: `[profile]` sections of `name = value` lines.
struct CredentialsFile {
    private let file: SecretFile

    /// Opens nothing yet. Throws if the path is relative.
    init(path: String) throws(DriverError) {
        file = try SecretFile("CREDENTIALS_FILE", path: path)
    }

    /// Returns the keys of `profile`. Throws a ``DriverError`` that names the attribute, the file and the fault, and
    /// nothing of the file's contents.
    func keys(of profile: String, log: Log) throws(DriverError) -> S3Credentials {
        let fields = Self.values(in: try file.contents(log: log), profile: profile)
        guard let fields else {
            throw file.problem("it has no profile [\(profile)]", remedy: "correct PROFILE, or add that section")
        }
        func value(_ name: String) throws(DriverError) -> String? {
            guard let value = fields[name], !value.isEmpty else { return nil }
            guard S3Credentials.isKey(value, allowsCommas: name == "aws_secret_access_key") else {
                throw file.problem(
                    "\(name) of [\(profile)] has a character in it that no key has",
                    remedy: "correct it: a line is NAME = VALUE, without quotation marks or comments")
            }
            return value
        }
        func required(_ name: String) throws(DriverError) -> String {
            guard let value = try value(name) else {
                throw file.problem("[\(profile)] has no \(name)", remedy: "add it to that section")
            }
            return value
        }
        var keys = S3Credentials(
            accessKeyID: try required("aws_access_key_id"), secretAccessKey: try required("aws_secret_access_key"),
            sessionToken: try value("aws_session_token"))
        keys.names = .file
        return keys
    }

    /// Returns the values of a section, or nil if there is no such section.
    static func values(in text: String, profile: String) -> [String: String]? {
        var fields: [String: String]?
        var isInside = false
        for line in Substring(withoutByteOrderMark(text.utf8)).split(whereSeparator: \.isNewline) {
            let line = trimmed(line)
            if line.hasPrefix("#") || line.hasPrefix(";") { continue }
            if line.hasPrefix("["), line.hasSuffix("]") {
                isInside = trimmed(line.dropFirst().dropLast()) == profile
                if isInside { fields = fields ?? [:] }
            } else if isInside, let end = line.firstIndex(where: { "=:".contains($0) }) {
                let name = String(trimmed(line[..<end])).lowercased()
                fields?[name] = String(trimmed(line[line.index(after: end)...]))
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
