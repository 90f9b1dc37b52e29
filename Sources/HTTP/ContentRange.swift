/// The Content-Range field of RFC 9110: the bytes of a whole that a response holds.
package struct ContentRange: Equatable, Sendable {
    /// The first and the last byte; nil for `bytes */1000`, which refuses a range.
    package let bytes: ClosedRange<UInt64>?
    /// The length of the whole, or nil if the server does not know it.
    package let total: UInt64?

    /// Reads `bytes 500-999/1000`, `bytes 500-999/*` or `bytes */1000`.
    package init?(_ text: String) {
        let words = text.split(separator: " ")
        guard words.count == 2, words[0].lowercased() == "bytes" else { return nil }
        let parts = words[1].split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[1] == "*" || UInt64(parts[1]) != nil else { return nil }
        total = UInt64(parts[1])
        if parts[0] == "*" {
            bytes = nil
            return
        }
        let ends = parts[0].split(separator: "-", omittingEmptySubsequences: false).map { UInt64($0) }
        guard ends.count == 2, let first = ends[0], let last = ends[1], first <= last else { return nil }
        if let total, last >= total { return nil }
        bytes = first...last
    }
}
