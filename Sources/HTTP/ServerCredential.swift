import Bytes
import DriverProtocol

/// The credential that a catalog's server requires: AUTH_FILE of the marketplace's template. The file's first line that
/// is no comment is `Basic USER:PASSWORD`, with the text after `Basic` in base64 or not, or `Bearer TOKEN`.
///
/// It is sent to the server that ENDPOINT names, and to no other: RFC 9110, section 11.6.2.
struct ServerCredential: Sendable {
    static let input = Input.optional(
        "MARKETPLACE/TEMPLATE/AUTH_FILE", "File on the front-end with a credential for the server of `ENDPOINT`.")
    private static let endpoint = Input.optional("MARKETPLACE/TEMPLATE/ENDPOINT", "Server that may get the credential.")

    /// The value of the field Authorization.
    let field: String
    private let server: String

    /// Reads the file. Returns nil if the template names none. Throws a ``DriverError`` without anything of its
    /// contents.
    init?(_ message: Message, log: Log) throws(DriverError) {
        guard let path = message.value(Self.input) else { return nil }
        guard let endpoint = message.value(Self.endpoint).flatMap({ WebURL($0) }), let server = endpoint.server
        else {
            throw DriverError(
                "use", Self.input.path, cause: "there is no ENDPOINT to send it to",
                remedy: "set ENDPOINT: the credential is sent to that server alone")
        }
        let file = try SecretFile(Self.input.name, path: path)
        guard let field = Self.field(try file.contents(log: log)) else {
            throw file.problem(
                "it holds no credential that can be used",
                remedy: "write one line: Basic USER:PASSWORD, or Bearer TOKEN")
        }
        self.field = field
        self.server = server
        if endpoint.scheme == .http {
            log.warning("the credential of AUTH_FILE is not encrypted on its way: ENDPOINT is no https:// URL")
        }
    }

    /// Whether the server of `url` may get it.
    func isMeant(for url: WebURL) -> Bool { url.server == server }

    /// Returns the field for a file's text, or nil if there is none in it.
    static func field(_ text: String) -> String? {
        let lines = text.split(whereSeparator: \.isNewline).map { $0.split(separator: " ", maxSplits: 1) }
        guard let line = lines.first(where: { $0.first?.hasPrefix("#") == false }), line.count == 2 else { return nil }
        var value = line[1].drop(while: \.isWhitespace)
        while value.last?.isWhitespace == true { value.removeLast() }
        guard !value.isEmpty, !value.utf8.contains(where: isControl) else {
            return nil
        }
        switch line[0].lowercased() {
        case "bearer":
            return value.utf8.allSatisfy(isVisible) ? "Bearer \(value)" : nil
        case "basic":
            if value.contains(":") {
                return "Basic " + String(decoding: Base64.encode(Array(value.utf8)), as: UTF8.self)
            }
            guard Base64.decode(Array(value.utf8))?.contains(UInt8(ascii: ":")) == true else { return nil }
            return "Basic \(value)"
        default: return nil
        }
    }
}
