import Bytes
import DriverProtocol
import XML

/// Keeps secrets, and the messages that hold them, out of what is logged and shown to users: drivers quote their
/// arguments when they fail.
///
/// Removed are the values of elements with a telling name (``isSecret(_:)``), passwords in URLs, driver messages as
/// XML, and messages as base64: any run of 100 base64 digits that is no path, and shorter ones that are part of a
/// message.
struct Redaction {
    static let mark = "[redacted]"

    private static let shortestSecret = 4
    private static let longestRun = 100
    private static let shortestFragment = 40
    private static let keptOfMessage = 256 << 10
    private static let tellingNames = [
        "SECRET", "PASSWORD", "PASSWD", "PASSPHRASE", "TOKEN", "CREDENTIAL", "ACCESS_KEY",
    ].map { Array($0.utf8) }

    private var elements: [XMLElement] = []
    private var urls: [String] = []
    /// The messages that the drivers got, in base64.
    private var messages: [[UInt8]] = []
    /// The secrets in all their spellings, the longest first. Collected when first needed: most requests log nothing.
    private var secrets: [[UInt8]]?

    init() {}

    /// Whether an element or a parameter of that name holds a secret: `SECRET_ACCESS_KEY`, `CEPH_KEY`, `TOKEN`.
    static func isSecret(_ name: some StringProtocol) -> Bool {
        let name = Array(name.uppercased().utf8)
        // A file's name is no secret, and an error about the file has to give it.
        guard !name.suffix(5).elementsEqual("_FILE".utf8) else { return false }
        return name.elementsEqual("KEY".utf8) || name.suffix(4).elementsEqual("_KEY".utf8)
            || tellingNames.contains { firstRange(of: $0, in: name[...]) != nil }
    }

    // MARK: What is secret

    /// Learns the secrets of a message's elements.
    mutating func learn(_ element: XMLElement) {
        elements.append(element)
        secrets = nil
    }

    /// Learns the password and the secret parameters of a URL: `http://user:PASSWORD@host`, `rbd://…?CEPH_KEY=SECRET`.
    mutating func learn(url: String) {
        urls.append(url)
        secrets = nil
    }

    /// Learns the password of a proxy, which may be written without a scheme: `user:PASSWORD@host:3128`.
    mutating func learn(proxy: String) {
        learn(url: Self.withScheme(proxy))
    }

    private static func withScheme(_ proxy: String) -> String { proxy.contains("://") ? proxy : "http://" + proxy }

    private func collectSecrets() -> [[UInt8]] {
        var found: [String] = []
        for element in elements { Self.collect(element, into: &found) }
        for url in urls { Self.collect(url: url, into: &found) }
        return Set(found.flatMap(Self.spellings)).sorted { $0.count > $1.count }
    }

    private static func collect(_ element: XMLElement, into found: inout [String]) {
        for child in element.children { collect(child, into: &found) }
        let text = element.text
        if isSecret(element.name) { found.append(text) }
        collect(url: element.name.uppercased() == "PROXY" ? withScheme(text) : text, into: &found)
    }

    private static func collect(url text: String, into found: inout [String]) {
        guard let scheme = text.firstRange(of: "://") else { return }
        let authority = text[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        if let at = authority.lastIndex(of: "@"), let colon = authority[..<at].firstIndex(of: ":") {
            found.append(String(authority[authority.index(after: colon)..<at]))
        }
        for parameter in text[scheme.upperBound...].split(whereSeparator: { $0 == "?" || $0 == "&" }) {
            let parts = parameter.split(separator: "=", maxSplits: 1)
            if parts.count == 2, isSecret(parts[0]) { found.append(String(parts[1])) }
        }
    }

    /// Learns a message in the base64 form in which a driver gets it.
    mutating func learn(base64 message: [UInt8]) {
        messages.append(message.count > Self.keptOfMessage ? Array(message.prefix(Self.keptOfMessage)) : message)
    }

    /// Returns the ways in which a secret may be written.
    private static func spellings(of secret: String) -> [[UInt8]] {
        // A driver's lines are joined with spaces, so that a secret of several lines shows line by line.
        let lines = secret.utf8.split { $0 == 0x0A || $0 == 0x0D }.map { Array($0) }
        return lines.filter { $0.count >= shortestSecret }.flatMap { line in
            let base64 = Base64.encode(line).prefix { $0 != UInt8(ascii: "=") }
            return [line, Array(base64), Array(percentEncoded(line).utf8), XMLText.escaped(line)]
        }
    }

    // MARK: Removing secrets

    /// Returns `text` without secrets.
    mutating func redact(_ text: String) -> String {
        let secrets = secrets ?? collectSecrets()
        self.secrets = secrets
        // Messages first: once secrets are removed from them, their pieces would no longer be recognised.
        var bytes = withoutBlobs(Array(text.utf8))
        for secret in secrets { bytes = replacing(secret, in: bytes) }
        for name in ["MARKET_DRIVER_ACTION_DATA", "DS_DRIVER_ACTION_DATA"] {
            bytes = withoutDocument(name, in: bytes)
        }
        return String(decoding: withoutBlobs(bytes), as: UTF8.self)
    }

    private func replacing(_ secret: [UInt8], in bytes: [UInt8]) -> [UInt8] {
        guard var found = firstRange(of: secret, in: bytes[...]) else { return bytes }
        var result: [UInt8] = []
        var rest = bytes[...]
        while true {
            result += rest[..<found.lowerBound] + Array(Self.mark.utf8)
            rest = rest[found.upperBound...]
            guard let next = firstRange(of: secret, in: rest) else { return result + rest }
            found = next
        }
    }

    private func withoutDocument(_ name: String, in bytes: [UInt8]) -> [UInt8] {
        guard let start = firstRange(of: Array("<\(name)>".utf8), in: bytes[...]) else { return bytes }
        let content = bytes[start.upperBound...].drop(while: isWhiteSpace)
        guard content.first == UInt8(ascii: "<") else {
            return bytes[..<start.upperBound] + withoutDocument(name, in: Array(bytes[start.upperBound...]))
        }
        let end = firstRange(of: Array("</\(name)>".utf8), in: content)
        let rest = Array(bytes[(end?.upperBound ?? bytes.count)...])
        return bytes[..<start.lowerBound] + Array(Self.mark.utf8) + withoutDocument(name, in: rest)
    }

    private func withoutBlobs(_ bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var offset = 0
        while offset < bytes.count {
            var end = offset
            while end < bytes.count, isDigit64(bytes[end]) { end += 1 }
            while end > offset, end < bytes.count, bytes[end] == UInt8(ascii: "=") { end += 1 }
            if end == offset {
                result.append(bytes[offset])
                offset += 1
            } else {
                result += isBlob(bytes[offset..<end]) ? Array(Self.mark.utf8) : Array(bytes[offset..<end])
                offset = end
            }
        }
        return result
    }

    private func isBlob(_ run: ArraySlice<UInt8>) -> Bool {
        if run.count >= Self.longestRun { return !isPath(run) }
        guard run.count >= Self.shortestFragment else { return false }
        return messages.contains { firstRange(of: Array(run), in: $0[...]) != nil }
    }

    /// Whether `run` is a path: it begins with a slash and has short names. In base64 a slash comes by chance, once in
    /// 64 digits.
    private func isPath(_ run: ArraySlice<UInt8>) -> Bool {
        run.first == UInt8(ascii: "/") && run.split(separator: UInt8(ascii: "/")).allSatisfy { $0.count < 65 }
    }
}

private func isDigit64(_ byte: UInt8) -> Bool {
    isAlphanumeric(byte) || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "/")
}

/// Returns the first range of `part` in `bytes`, or nil if there is none.
private func firstRange(of part: [UInt8], in bytes: ArraySlice<UInt8>) -> Range<Int>? {
    guard let first = part.first, bytes.count >= part.count else { return nil }
    var candidates = bytes[...(bytes.endIndex - part.count)]
    while let start = candidates.firstIndex(of: first) {
        if bytes[start..<start + part.count].elementsEqual(part) { return start..<start + part.count }
        candidates = candidates[(start + 1)...]
    }
    return nil
}
