import Bytes
import DriverProtocol

/// A driver's standard error, line by line: log lines, which begin with a level (`INFO: text`), and the reason of its
/// failure, which is all the rest.
struct DriverOutput {
    /// A line for oned's log.
    struct LogLine: Equatable {
        let level: Log.Level
        /// The object that the line itself names: `INFO: 12 text`.
        let id: Int?
        let text: String
    }

    /// The bytes that are kept of a line, and of the reason.
    static let limit = 64 << 10

    private var line: [UInt8] = []
    private var isCut = false
    private var reasonBytes: [UInt8] = []
    /// The text of the last line of the level ERROR.
    private(set) var lastError: String?

    /// The lines without a level, joined with spaces.
    var reason: String { String(decoding: reasonBytes, as: UTF8.self) }

    /// Adds bytes that have been read. Returns the log lines that they complete.
    mutating func append(_ bytes: UnsafeRawBufferPointer) -> [LogLine] {
        var lines: [LogLine] = []
        var rest = bytes[...]
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            extendLine(rest[..<end])
            if let line = finishLine() { lines.append(line) }
            rest = rest[(end + 1)...]
        }
        extendLine(rest)
        return lines
    }

    /// Takes a rest without a line feed as the last line. Returns it if it is a log line.
    mutating func finish() -> [LogLine] {
        finishLine().map { [$0] } ?? []
    }

    private mutating func extendLine(_ bytes: Slice<UnsafeRawBufferPointer>) {
        guard !isCut else { return }
        let room = Self.limit - line.count
        line += bytes.prefix(room)
        if bytes.count > room {
            isCut = true
            // Half a secret would not be recognised.
            while let last = line.last, !isWhiteSpace(last) { line.removeLast() }
        }
    }

    private mutating func finishLine() -> LogLine? {
        defer {
            line.removeAll(keepingCapacity: true)
            isCut = false
        }
        while let last = line.last, isWhiteSpace(last) { line.removeLast() }
        guard let (level, text) = Self.leveled(line[...]) else {
            addToReason()
            return nil
        }
        let (id, rest) = Self.numbered(text)
        guard !rest.isEmpty else { return nil }
        let log = LogLine(level: level, id: id, text: String(decoding: rest, as: UTF8.self))
        if level == .error { lastError = log.text }
        return log
    }

    private mutating func addToReason() {
        let text = line.drop(while: isWhiteSpace)
        guard !text.isEmpty, reasonBytes.count + text.count <= Self.limit else { return }
        if !reasonBytes.isEmpty { reasonBytes.append(UInt8(ascii: " ")) }
        reasonBytes += text
    }

    /// Matches `^(ERROR|INFO|WARN|DEBUG):`. Returns the level and the rest, or nil.
    private static func leveled(_ line: ArraySlice<UInt8>) -> (Log.Level, ArraySlice<UInt8>)? {
        for level in Log.Level.allCases where line.starts(with: (level.rawValue + ":").utf8) {
            return (level, line.dropFirst(level.rawValue.utf8.count + 1).drop(while: isWhiteSpace))
        }
        return nil
    }

    /// Returns a number at the beginning, if there is one, and the rest.
    private static func numbered(_ text: ArraySlice<UInt8>) -> (Int?, ArraySlice<UInt8>) {
        let digits = text.prefix(while: isDigit)
        let rest = text[digits.endIndex...]
        guard let id = Int(String(decoding: digits, as: UTF8.self)), rest.first.map(isWhiteSpace) == true else {
            return (nil, text)
        }
        return (id, rest.drop(while: isWhiteSpace))
    }
}
