import Bytes
import DriverProtocol

/// Status line and header fields of a response.
struct ResponseHead: Sendable, CustomStringConvertible {
    let status: Int
    /// The server's text for the status; HTTP/1.1 may leave it out.
    let reason: String
    var headers = HTTPHeaders()
    /// The URL after redirects.
    var effectiveURL: WebURL?

    /// Reads `HTTP/1.1 404 Not Found`. Returns nil if the line is no status line.
    init?(statusLine line: String) {
        guard line.hasPrefix("HTTP/") else { return nil }
        let parts = line.split(separator: " ", maxSplits: 2)
        guard parts.count >= 2, let status = Int(parts[1]) else { return nil }
        self.status = status
        reason = parts.count == 3 ? String(parts[2]) : ""
    }

    /// Reads `Name: value`. A line that is no field is left out.
    mutating func add(line: String) {
        guard let colon = line.firstIndex(of: ":") else { return }
        var value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
        while let last = value.last, last == " " || last == "\t" { value.removeLast() }
        headers.append(String(line[..<colon]), String(value))
    }

    var isSuccess: Bool { (200..<300).contains(status) }

    /// Whether the body comes in chunks, the last of which marks the end.
    var isChunked: Bool { headers["Transfer-Encoding"] != nil }

    /// The length of the body in bytes, if it was announced.
    var contentLength: UInt64? { isChunked ? nil : headers["Content-Length"].flatMap { UInt64($0) } }

    /// The announced length, if it is more than 1 EiB: nobody means that.
    var impossibleLength: String? {
        guard !isChunked, let text = headers["Content-Length"], !text.isEmpty, text.utf8.allSatisfy(isDigit),
            UInt64(text).map({ $0 > 1 << 60 }) ?? true
        else { return nil }
        return text
    }

    /// `HTTP 404 Not Found`.
    var description: String {
        "HTTP \(status)" + (reason.isEmpty ? "" : " " + oneLine(reason, limit: 100))
    }
}
