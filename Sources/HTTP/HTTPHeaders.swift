import DriverProtocol

/// Header fields, found by their names in any case.
package struct HTTPHeaders: Sendable {
    package private(set) var fields: [(name: String, value: String)] = []

    package init() {}

    /// The value of the last field of that name.
    package subscript(_ name: String) -> String? {
        fields.last { $0.name.utf8.elementsEqual(name.utf8, by: isSameLetter) }?.value
    }

    /// Adds a field.
    package mutating func append(_ name: String, _ value: String) {
        fields.append((name, value))
    }
}

private func isSameLetter(_ one: UInt8, _ other: UInt8) -> Bool {
    lowered(one) == lowered(other)
}

private func lowered(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
}

/// Status line and header fields of an answer.
struct ResponseHead: Sendable {
    let status: Int
    /// The server's word for the status; HTTP/1.1 may leave it out.
    let reason: String
    var headers = HTTPHeaders()
    /// Where redirects have led.
    var effectiveURL = ""

    /// Reads `HTTP/1.1 404 Not Found`; nil where the line is no status line.
    init?(statusLine line: String) {
        guard line.hasPrefix("HTTP/") else { return nil }
        let parts = line.split(separator: " ", maxSplits: 2)
        guard parts.count >= 2, let status = Int(parts[1]) else { return nil }
        self.status = status
        reason = parts.count == 3 ? String(parts[2]) : ""
    }

    /// Reads `Name: value`; a line that is no field is left out.
    mutating func add(line: String) {
        guard let colon = line.firstIndex(of: ":") else { return }
        var value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
        while let last = value.last, last == " " || last == "\t" { value.removeLast() }
        headers.append(String(line[..<colon]), String(value))
    }

    /// Whether the body comes in chunks, the last of which marks the end.
    var isChunked: Bool { headers["Transfer-Encoding"] != nil }

    /// The length of the body in bytes, where it was announced.
    var contentLength: UInt64? { isChunked ? nil : headers["Content-Length"].flatMap { UInt64($0) } }

    /// `HTTP 404 Not Found`.
    var description: String {
        "HTTP \(status)" + (reason.isEmpty ? "" : " " + oneLine(reason, limit: 100))
    }
}
