import Bytes

/// The reading half of ``Template``.
struct TemplateParser {
    private let bytes: [UInt8]
    private var offset = 0

    init(_ text: String) {
        bytes = Array(text.utf8)
    }

    mutating func parse() throws(Template.SyntaxError) -> Template {
        var template = Template()
        while true {
            skipBlanksAndComments()
            guard offset < bytes.count else { return template }
            let name = try parseName()
            try expect("=", after: name)
            skipSpaces()
            if peek == UInt8(ascii: "[") {
                offset += 1
                template.append(name, vector: try parseVector(of: name))
            } else {
                template.append(name, try parseValue(of: name, endingAt: "\n"))
            }
        }
    }

    private var peek: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private func failure(_ reason: String) -> Template.SyntaxError {
        Template.SyntaxError(reason: reason, line: 1 + bytes[..<min(offset, bytes.count)].count { $0 == 0x0A })
    }

    private mutating func skipSpaces() {
        while let byte = peek, byte == 0x20 || byte == 0x09 { offset += 1 }
    }

    private mutating func skipBlanksAndComments() {
        while let byte = peek {
            if isWhiteSpace(byte) {
                offset += 1
            } else if byte == UInt8(ascii: "#") {
                while let byte = peek, byte != 0x0A { offset += 1 }
            } else {
                return
            }
        }
    }

    private mutating func parseName() throws(Template.SyntaxError) -> String {
        let start = offset
        while let byte = peek, isWordByte(byte) { offset += 1 }
        guard offset > start else { throw failure("an attribute's name was expected") }
        return String(decoding: bytes[start..<offset], as: UTF8.self)
    }

    private mutating func expect(_ sign: Character, after name: String) throws(Template.SyntaxError) {
        skipSpaces()
        guard peek == sign.asciiValue else { throw failure("\(sign) was expected after \(name)") }
        offset += 1
    }

    private mutating func parseVector(of name: String) throws(Template.SyntaxError) -> [(name: String, value: String)] {
        var pairs: [(name: String, value: String)] = []
        skipBlanksAndComments()
        while peek != UInt8(ascii: "]") {
            let key = try parseName()
            try expect("=", after: key)
            skipSpaces()
            pairs.append((key, try parseValue(of: key, endingAt: ",]\n")))
            skipBlanksAndComments()
            if peek == UInt8(ascii: ",") {
                offset += 1
                skipBlanksAndComments()
            } else if peek != UInt8(ascii: "]") {
                throw failure("the vector \(name) is not closed")
            }
        }
        offset += 1
        return pairs
    }

    /// Reads a quoted value, or an unquoted one that ends before one of `delimiters`.
    private mutating func parseValue(
        of name: String, endingAt delimiters: String
    ) throws(Template.SyntaxError) -> String {
        if peek == UInt8(ascii: "\"") { return try parseQuoted(name) }
        let start = offset
        while let byte = peek, !delimiters.utf8.contains(byte) { offset += 1 }
        var end = offset
        while end > start, isWhiteSpace(bytes[end - 1]) { end -= 1 }
        try refuseSectionEnd(in: bytes[start..<end], of: name)
        return String(decoding: bytes[start..<end], as: UTF8.self)
    }

    private mutating func parseQuoted(_ name: String) throws(Template.SyntaxError) -> String {
        offset += 1
        let start = offset
        guard let end = closingQuote(from: start) else { throw failure("the value of \(name) is not closed") }
        try refuseSectionEnd(in: bytes[start..<end], of: name)
        offset = end + 1
        return unescaped(start..<end)
    }

    /// Returns the first quotation mark without a backslash before it. If there is none, returns the last one of all:
    /// oned's lexer takes the longest match.
    private func closingQuote(from start: Int) -> Int? {
        var last: Int?
        for position in start..<bytes.count where bytes[position] == UInt8(ascii: "\"") {
            if position == start || bytes[position - 1] != UInt8(ascii: "\\") { return position }
            last = position
        }
        return last
    }

    private func unescaped(_ range: Range<Int>) -> String {
        var value: [UInt8] = []
        var copied = range.lowerBound
        for position in range where bytes[position] == UInt8(ascii: "\"") {
            // A quotation mark inside a value always has a backslash before it.
            value += bytes[copied..<position - 1]
            copied = position
        }
        value += bytes[copied..<range.upperBound]
        return String(decoding: value, as: UTF8.self)
    }

    /// Throws if `value` has `]]>` in it: oned takes that for the end of the section in which it keeps a template, and
    /// refuses all of it.
    private func refuseSectionEnd(in value: ArraySlice<UInt8>, of name: String) throws(Template.SyntaxError) {
        var brackets = 0
        for byte in value {
            if byte == UInt8(ascii: ">"), brackets >= 2 { throw failure("]]> is not allowed in the value of \(name)") }
            brackets = byte == UInt8(ascii: "]") ? brackets + 1 : 0
        }
    }
}
