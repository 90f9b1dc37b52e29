import Bytes

/// The tokens of XML 1.0 over a byte array that ``XMLCharacters`` has already found valid.
struct XMLScanner {
    let bytes: [UInt8]
    private(set) var offset = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    var isAtEnd: Bool { offset == bytes.count }
    var peek: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    func failure(_ reason: String) -> XMLParser.Failure {
        XMLParser.Failure(reason: reason, offset: offset)
    }

    @discardableResult
    mutating func skip(_ token: some Collection<UInt8>) -> Bool {
        guard starts(with: token) else { return false }
        offset += token.count
        return true
    }

    mutating func skip(_ token: StaticString) -> Bool {
        token.withUTF8Buffer { skip($0) }
    }

    private func starts(with token: StaticString) -> Bool {
        token.withUTF8Buffer { starts(with: $0) }
    }

    private func starts(with token: some Collection<UInt8>) -> Bool {
        guard bytes.count - offset >= token.count else { return false }
        var position = offset
        for byte in token {
            guard bytes[position] == byte else { return false }
            position += 1
        }
        return true
    }

    @discardableResult
    mutating func skipWhiteSpace() -> Bool {
        let start = offset
        while let byte = peek, isWhiteSpace(byte) { offset += 1 }
        return offset > start
    }

    /// Moves behind the next `token`.
    private mutating func skipPast(_ token: StaticString, or reason: String) throws(XMLParser.Failure) {
        while !isAtEnd {
            if skip(token) { return }
            offset += 1
        }
        throw failure(reason)
    }

    // MARK: Names, references, comments

    /// Reads a `Name` of XML 1.0, fifth edition. Returns its place.
    ///
    /// Names are compared by their bytes: strings that Swift calls equal (é, composed or not) are two names in XML.
    mutating func name() throws(XMLParser.Failure) -> Range<Int> {
        let start = offset
        while let (scalar, length) = scalar(at: offset),
            offset == start ? XMLCharacters.isNameStart(scalar) : XMLCharacters.isNameCharacter(scalar)
        {
            offset += length
        }
        guard offset > start else { throw failure("a name was expected") }
        return start..<offset
    }

    func text(_ range: Range<Int>) -> String {
        String(decoding: bytes[range], as: UTF8.self)
    }

    private func scalar(at position: Int) -> (scalar: UInt32, length: Int)? {
        guard position < bytes.count else { return nil }
        let first = bytes[position]
        if first < 0x80 { return (UInt32(first), 1) }
        let length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
        var scalar = UInt32(first) & (0xFF >> UInt32(length + 1))
        for byte in bytes[position + 1..<position + length] { scalar = scalar << 6 | UInt32(byte & 0x3F) }
        return (scalar, length)
    }

    mutating func skipComment() throws(XMLParser.Failure) {
        try skipPast("--", or: "a comment is not closed")
        guard skip(">") else { throw failure("-- is not allowed in a comment") }
    }

    mutating func skipInstruction() throws(XMLParser.Failure) {
        let target = try name()
        guard text(target).lowercased() != "xml" else {
            throw failure("an XML declaration is only allowed at the start")
        }
        guard skipWhiteSpace() || starts(with: "?>") else {
            throw failure("a processing instruction's name is malformed")
        }
        try skipPast("?>", or: "a processing instruction is not closed")
    }

    /// Reads the XML declaration, if there is one: version 1.x, encoding UTF-8 or none.
    mutating func skipDeclaration() throws(XMLParser.Failure) {
        guard starts(with: "<?xml"), bytes.count > offset + 5, isWhiteSpace(bytes[offset + 5]) else {
            return
        }
        offset += 5
        var expected = ["version", "encoding", "standalone"][...]
        while true {
            let separated = skipWhiteSpace()
            if skip("?>") { break }
            guard separated else { throw failure("the XML declaration is malformed") }
            let name = text(try name())
            skipWhiteSpace()
            guard skip("=") else { throw failure("the XML declaration is malformed") }
            skipWhiteSpace()
            let value = try literal()
            guard let position = expected.firstIndex(of: name), name == "version" || expected.startIndex > 0,
                Self.isAcceptable(name, value)
            else {
                throw failure("the XML declaration has \(name)=\"\(value)\"")
            }
            expected = expected[(position + 1)...]
        }
        guard expected.startIndex > 0 else { throw failure("the XML declaration has no version") }
    }

    private static func isAcceptable(_ name: String, _ value: String) -> Bool {
        switch name {
        case "version": value.hasPrefix("1.") && value.utf8.count > 2 && value.utf8.dropFirst(2).allSatisfy(isDigit)
        case "encoding": ["utf-8", "us-ascii", "ascii"].contains(value.lowercased())
        default: value == "yes" || value == "no"
        }
    }

    /// Reads a text between quotation marks, unchanged.
    private mutating func literal() throws(XMLParser.Failure) -> String {
        guard let quote = peek, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else {
            throw failure("a quoted value was expected")
        }
        let start = offset + 1
        guard let end = bytes[start...].firstIndex(of: quote) else { throw failure("a quoted value is not closed") }
        offset = end + 1
        return text(start..<end)
    }

    // MARK: Text

    /// Reads an attribute's value with its quotes. White space in it becomes spaces, as the specification says.
    mutating func attributeValue() throws(XMLParser.Failure) -> String {
        guard let quote = peek, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else {
            throw failure("a quoted value was expected")
        }
        offset += 1
        var value: [UInt8] = []
        while let byte = peek {
            switch byte {
            case quote:
                offset += 1
                return String(decoding: value, as: UTF8.self)
            case UInt8(ascii: "<"):
                throw failure("< is not allowed in an attribute's value")
            case UInt8(ascii: "&"):
                try reference(into: &value)
            case 0x0D where bytes.count > offset + 1 && bytes[offset + 1] == 0x0A:
                offset += 1
            default:
                value.append(isWhiteSpace(byte) ? 0x20 : byte)
                offset += 1
            }
        }
        throw failure("an attribute's value is not closed")
    }

    /// Reads text up to the next `<` or the end. References are resolved, line ends become line feeds.
    mutating func text(into text: inout [UInt8]) throws(XMLParser.Failure) {
        while true {
            appendRun(to: &text)
            guard let byte = peek, byte != UInt8(ascii: "<") else { return }
            if byte == UInt8(ascii: "&") {
                try reference(into: &text)
            } else if byte == UInt8(ascii: "]"), starts(with: "]]>") {
                throw failure("]]> is not allowed in text")
            } else {
                appendNormalized(byte, to: &text)
            }
        }
    }

    /// Reads the rest of a CDATA section.
    mutating func characterData(into text: inout [UInt8]) throws(XMLParser.Failure) {
        while true {
            appendRun(to: &text)
            guard let byte = peek else { throw failure("a CDATA section is not closed") }
            if byte == UInt8(ascii: "]"), skip("]]>") { return }
            appendNormalized(byte, to: &text)
        }
    }

    /// Copies everything up to a markup sign or a carriage return.
    private mutating func appendRun(to text: inout [UInt8]) {
        let start = offset
        bytes.withUnsafeBufferPointer { bytes in
            while offset < bytes.count, !Self.endsRun(bytes[offset]) { offset += 1 }
            text.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[start..<offset]))
        }
    }

    private static func endsRun(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "<") || byte == UInt8(ascii: "&") || byte == UInt8(ascii: "]") || byte == 0x0D
    }

    private mutating func appendNormalized(_ byte: UInt8, to text: inout [UInt8]) {
        offset += 1
        if byte == 0x0D {
            if peek == 0x0A { offset += 1 }
            text.append(0x0A)
        } else {
            text.append(byte)
        }
    }

    private mutating func reference(into text: inout [UInt8]) throws(XMLParser.Failure) {
        for (entity, byte) in Self.entities where skip(entity) {
            text.append(byte)
            return
        }
        guard skip("&#") else { throw failure("an entity is not one of the five that XML knows") }
        let radix: UInt32 = skip("x") ? 16 : 10
        var value: UInt32 = 0
        let start = offset
        while let byte = peek, let digit = hexadecimalValue(byte).map(UInt32.init), digit < radix {
            value = min(value * radix + digit, 0x110000)
            offset += 1
        }
        guard offset > start, skip(";"), let scalar = Unicode.Scalar(value), XMLCharacters.isCharacter(value) else {
            throw failure("a character reference is malformed or names a character that XML does not allow")
        }
        text.append(contentsOf: UTF8.encode(scalar)!)
    }

    private static let entities: [(StaticString, UInt8)] = [
        ("&lt;", UInt8(ascii: "<")), ("&gt;", UInt8(ascii: ">")), ("&amp;", UInt8(ascii: "&")),
        ("&quot;", UInt8(ascii: "\"")), ("&apos;", UInt8(ascii: "'")),
    ]
}
