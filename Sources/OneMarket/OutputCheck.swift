import Bytes
import DriverProtocol
import XML

/// Checks an action's output before oned gets it, because oned accepts much that harms it. Text with `]]>` or a control
/// character makes its database write fail, `]]>` in an app of a catalog crashes it, and one stray line makes it throw
/// a whole report away.
enum OutputCheck {
    /// Returns the fault of an import's output, or nil if there is none.
    static func problem(inImport output: [UInt8]) -> String? {
        if let problem = problem(inText: output) { return problem }
        let template: Template
        do {
            template = try Template(parsing: String(decoding: output, as: UTF8.self))
        } catch {
            return "\(error)"
        }
        let missing = ["SOURCE", "MD5", "FORMAT", "SIZE"].filter { (template[$0] ?? "").isEmpty }
        guard missing.isEmpty else {
            return "\(missing.joined(separator: ", ")) \(missing.count == 1 ? "is" : "are") missing"
        }
        guard let size = template["SIZE"], size.utf8.allSatisfy(isDigit) else {
            return "SIZE=\(quoted(template["SIZE"] ?? "")) is not a whole number of MB"
        }
        return nil
    }

    /// Returns the fault of a monitor's report, or nil if there is none.
    static func problem(inReport output: [UInt8]) -> String? {
        if let problem = problem(inText: output) { return problem }
        return output.withUnsafeBufferPointer { bytes in
            var scanner = ReportScanner(bytes: bytes)
            return scanner.firstProblem()
        }
    }

    /// Returns the fault that oned tolerates in no text, or nil if there is none.
    static func problem(inText output: [UInt8]) -> String? {
        if let offset = XMLCharacters.firstInvalidByte(of: output) {
            return "line \(line(of: offset, in: output)) holds a control character or a byte that is not UTF-8"
        }
        if let offset = endOfSection(in: output) {
            return "line \(line(of: offset, in: output)) has ']]' and then '>', which oned cannot store"
        }
        return nil
    }

    /// Returns the position of `]]>`, or nil if there is none.
    private static func endOfSection(in bytes: [UInt8]) -> Int? {
        bytes.withUnsafeBufferPointer { bytes in
            var brackets = 0
            for (offset, byte) in bytes.enumerated() {
                if byte == UInt8(ascii: "]") {
                    brackets += 1
                } else {
                    if byte == UInt8(ascii: ">"), brackets >= 2 { return offset }
                    brackets = 0
                }
            }
            return nil
        }
    }

    private static func line(of offset: Int, in bytes: [UInt8]) -> Int {
        1 + bytes[..<offset].count { $0 == 0x0A }
    }
}

/// Walks through a report as oned's grammar would, attribute by attribute, and keeps nothing: a catalog has megabytes.
private struct ReportScanner {
    let bytes: UnsafeBufferPointer<UInt8>
    var offset = 0
    var line = 1

    init(bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
    }

    mutating func firstProblem() -> String? {
        while true {
            skipBlanksAndComments()
            guard offset < bytes.count else { return nil }
            let start = offset
            guard let name = takeName() else {
                return "line \(line) is no attribute: \(quoted(text(ofLineAt: start)))"
            }
            let firstLine = line
            guard let value = takeValue() else { return "the value of \(name) in line \(firstLine) is not closed" }
            if name.uppercased() == "APP", let problem = problem(inApp: value) {
                return "in the app of line \(firstLine), \(problem)"
            }
        }
    }

    /// Checks an app, which is a template of its own in base64. oned passes over a value that is not base64.
    private func problem(inApp value: Range<Int>) -> String? {
        Base64.decode(bytes[value]).flatMap { OutputCheck.problem(inText: $0) }
    }

    private mutating func skipBlanksAndComments() {
        while offset < bytes.count {
            if bytes[offset] == UInt8(ascii: "#") {
                skipLine()
            } else if isWhiteSpace(bytes[offset]) {
                advance()
            } else {
                return
            }
        }
    }

    private mutating func advance() {
        if bytes[offset] == 0x0A { line += 1 }
        offset += 1
    }

    private mutating func skipLine() {
        while offset < bytes.count, bytes[offset] != 0x0A { offset += 1 }
    }

    private mutating func skipSpaces() {
        while offset < bytes.count, bytes[offset] == 0x20 || bytes[offset] == 0x09 { offset += 1 }
    }

    /// Takes `NAME=` with the blanks around the sign. Returns the name, or nil if there is none.
    private mutating func takeName() -> String? {
        let start = offset
        while offset < bytes.count, isWordByte(bytes[offset]) { offset += 1 }
        let end = offset
        skipSpaces()
        guard end > start, offset < bytes.count, bytes[offset] == UInt8(ascii: "=") else { return nil }
        offset += 1
        skipSpaces()
        return String(decoding: bytes[start..<end], as: UTF8.self)
    }

    /// Takes a value in quotes, a vector, or the rest of the line. Returns nil if it has no end.
    private mutating func takeValue() -> Range<Int>? {
        guard offset < bytes.count else { return offset..<offset }
        if bytes[offset] == UInt8(ascii: "\"") { return takeQuoted() }
        let start = offset
        guard bytes[offset] == UInt8(ascii: "[") else {
            skipLine()
            return start..<offset
        }
        while offset < bytes.count, bytes[offset] != UInt8(ascii: "]") {
            if bytes[offset] == UInt8(ascii: "\"") {
                guard takeQuoted() != nil else { return nil }
            } else {
                advance()
            }
        }
        guard offset < bytes.count else { return nil }
        offset += 1
        return start..<offset
    }

    private mutating func takeQuoted() -> Range<Int>? {
        advance()
        let start = offset
        while offset < bytes.count {
            if bytes[offset] == UInt8(ascii: "\""), offset == start || bytes[offset - 1] != UInt8(ascii: "\\") {
                offset += 1
                return start..<(offset - 1)
            }
            advance()
        }
        return nil
    }

    private func text(ofLineAt start: Int) -> String {
        oneLine(String(decoding: bytes[start...].prefix(400).prefix { $0 != 0x0A }, as: UTF8.self), limit: 200)
    }
}
