import Bytes

/// The tokens of ``JSONReader``.
extension JSONReader {
    func failure(_ reason: String) -> JSONError {
        JSONError(reason: reason, offset: offset)
    }

    /// The bytes that have been read since `start`.
    func bytes(from start: Int) -> UnsafeMutableBufferPointer<UInt8> {
        UnsafeMutableBufferPointer(start: base + start, count: offset - start)
    }

    @inline(__always)
    mutating func skipSpace() {
        while offset < end {
            switch base[offset] {
            case 0x20, 0x0A, 0x0D, 0x09: offset += 1
            default: return
            }
        }
    }

    /// Passes over white space and then `byte`. Returns whether `byte` was there.
    @inline(__always)
    mutating func consume(_ byte: UInt8) -> Bool {
        skipSpace()
        guard offset < end, base[offset] == byte else { return false }
        offset += 1
        return true
    }

    @inline(__always)
    mutating func expect(_ byte: UInt8, _ what: String) throws(JSONError) {
        guard consume(byte) else {
            throw failure(offset < end ? "\(what) was expected" : "the document ends too early")
        }
    }

    mutating func literal(_ word: StaticString) throws(JSONError) {
        let count = word.utf8CodeUnitCount
        for position in 0..<count {
            guard offset + position < end, base[offset + position] == word.utf8Start[position] else {
                throw failure("a value was expected")
            }
        }
        offset += count
    }

    mutating func skipNumber() throws(JSONError) {
        if offset < end, base[offset] == UInt8(ascii: "-") { offset += 1 }
        if offset < end, base[offset] == UInt8(ascii: "0") {
            offset += 1
        } else {
            try skipDigits("a value was expected")
        }
        if offset < end, base[offset] == UInt8(ascii: ".") {
            offset += 1
            try skipDigits("a digit was expected")
        }
        if offset < end, base[offset] | 0x20 == UInt8(ascii: "e") {
            offset += 1
            if offset < end, base[offset] == UInt8(ascii: "+") || base[offset] == UInt8(ascii: "-") { offset += 1 }
            try skipDigits("a digit was expected")
        }
    }

    private mutating func skipDigits(_ reason: String) throws(JSONError) {
        let start = offset
        while offset < end, isDigit(base[offset]) { offset += 1 }
        guard offset > start else { throw failure(reason) }
    }

    // MARK: Strings

    /// Returns the top bits of those of eight bytes that are a quotation mark, a backslash or a control character. Bits
    /// behind the first of them may be wrong.
    @inline(__always)
    private static func signs(in word: UInt64) -> UInt64 {
        // A byte below 0x20, or equal to one of the two signs, sets its top bit in the sums.
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quotes = word ^ (ones &* 0x22)
        let escapes = word ^ (ones &* 0x5C)
        let found = ((word &- ones &* 0x20) & ~word) | ((quotes &- ones) & ~quotes) | ((escapes &- ones) & ~escapes)
        return found & 0x8080_8080_8080_8080
    }

    /// Goes on to the next quotation mark, backslash or control character.
    @inline(__always)
    private mutating func skipPlain() throws(JSONError) {
        while offset + 8 <= end {
            let found = Self.signs(in: UnsafeRawPointer(base + offset).loadUnaligned(as: UInt64.self))
            if found != 0 {
                offset += found.littleEndian.trailingZeroBitCount / 8
                return
            }
            offset += 8
        }
        while offset < end {
            let byte = base[offset]
            if byte == 0x22 || byte == 0x5C || byte < 0x20 { return }
            offset += 1
        }
        throw failure("the document ends too early")
    }

    /// Goes past the end of a string whose opening quotation mark has been read.
    mutating func skipString() throws(JSONError) {
        while true {
            try skipPlain()
            switch base[offset] {
            case 0x22:
                offset += 1
                return
            case 0x5C: _ = try escape()
            default: throw failure("a control character is not allowed in a string")
            }
        }
    }

    /// Reads a string whose opening quotation mark has been read, and unescapes it in place.
    mutating func string() throws(JSONError) -> UnsafeMutableBufferPointer<UInt8> {
        let start = offset
        try skipPlain()
        var written = offset
        while base[offset] != 0x22 {
            guard base[offset] == 0x5C else { throw failure("a control character is not allowed in a string") }
            put(try escape(), at: &written)
            try movePlain(to: &written)
        }
        offset += 1
        return UnsafeMutableBufferPointer(start: base + start, count: written - start)
    }

    /// Writes a character, which is never longer than its escaped form.
    @inline(__always)
    private func put(_ scalar: Unicode.Scalar, at position: inout Int) {
        if scalar.isASCII {
            base[position] = UInt8(scalar.value)
            position += 1
            return
        }
        for byte in UTF8.encode(scalar)! {
            base[position] = byte
            position += 1
        }
    }

    /// Like ``skipPlain()``, and also moves the bytes passed over to `target`, which lies before them.
    @inline(__always)
    private mutating func movePlain(to target: inout Int) throws(JSONError) {
        let base = base
        var (from, to) = (offset, target)
        while from + 8 <= end {
            let word = UnsafeRawPointer(base + from).loadUnaligned(as: UInt64.self)
            guard Self.signs(in: word) == 0 else { break }
            UnsafeMutableRawPointer(base + to).storeBytes(of: word, as: UInt64.self)
            (from, to) = (from + 8, to + 8)
        }
        while from < end, base[from] != 0x22, base[from] != 0x5C, base[from] >= 0x20 {
            base[to] = base[from]
            (from, to) = (from + 1, to + 1)
        }
        (offset, target) = (from, to)
        guard offset < end else { throw failure("the document ends too early") }
    }

    @inline(__always)
    private mutating func escape() throws(JSONError) -> Unicode.Scalar {
        guard offset + 1 < end else { throw failure("the document ends too early") }
        let plain: Unicode.Scalar
        switch base[offset + 1] {
        case UInt8(ascii: "\""): plain = "\""
        case UInt8(ascii: "\\"): plain = "\\"
        case UInt8(ascii: "/"): plain = "/"
        case UInt8(ascii: "b"): plain = "\u{8}"
        case UInt8(ascii: "f"): plain = "\u{C}"
        case UInt8(ascii: "n"): plain = "\n"
        case UInt8(ascii: "r"): plain = "\r"
        case UInt8(ascii: "t"): plain = "\t"
        case UInt8(ascii: "u"): return try unicodeEscape()
        default: throw failure("a string has an unknown escape")
        }
        offset += 2
        return plain
    }

    /// Reads `\uXXXX`, or two of them that make a surrogate pair. Half a pair alone is U+FFFD.
    private mutating func unicodeEscape() throws(JSONError) -> Unicode.Scalar {
        let first = try hexadecimal(at: offset + 2)
        offset += 6
        guard (0xD800..<0xDC00).contains(first) else { return Unicode.Scalar(first) ?? "\u{FFFD}" }
        guard offset + 1 < end, base[offset] == 0x5C, base[offset + 1] == UInt8(ascii: "u") else { return "\u{FFFD}" }
        let second = try hexadecimal(at: offset + 2)
        guard (0xDC00..<0xE000).contains(second) else { return "\u{FFFD}" }
        offset += 6
        return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)) ?? "\u{FFFD}"
    }

    private func hexadecimal(at position: Int) throws(JSONError) -> UInt32 {
        guard position + 4 <= end else { throw failure("the document ends too early") }
        var number: UInt32 = 0
        for offset in position..<position + 4 {
            guard let digit = hexadecimalValue(base[offset]) else {
                throw failure("four hexadecimal digits were expected")
            }
            number = number << 4 | UInt32(digit)
        }
        return number
    }
}

/// Whether `bytes` are UTF-8. Bytes that are not ASCII are checked run by run: each run ends with a character.
func isUTF8(_ bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBytes { bytes in
        var offset = 0
        while offset < bytes.count {
            if offset + 8 <= bytes.count,
                bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
            {
                offset += 8
                continue
            }
            let run = bytes[offset...].prefix { $0 >= 0x80 }
            guard run.isEmpty || String(validating: run, as: UTF8.self) != nil else { return false }
            offset = run.endIndex + 1
        }
        return true
    }
}
