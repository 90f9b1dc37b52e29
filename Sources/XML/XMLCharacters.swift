import Bytes

/// The character classes of XML 1.0, fifth edition, and bytes that belong to none.
package enum XMLCharacters {
    /// Whether a character is a `Char`, which may occur in a document.
    static func isCharacter(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x20...0xD7FF, 0x9, 0xA, 0xD, 0xE000...0xFFFD, 0x10000...0x10FFFF: true
        default: false
        }
    }

    /// Whether a name may begin with a character: `NameStartChar`.
    static func isNameStart(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x61...0x7A, 0x41...0x5A, 0x5F, 0x3A: true
        case 0xC0...0xD6, 0xD8...0xF6, 0xF8...0x2FF, 0x370...0x37D, 0x37F...0x1FFF, 0x200C...0x200D, 0x2070...0x218F,
            0x2C00...0x2FEF, 0x3001...0xD7FF, 0xF900...0xFDCF, 0xFDF0...0xFFFD, 0x10000...0xEFFFF:
            true
        default: false
        }
    }

    /// Whether a name may contain a character: `NameChar`.
    static func isNameCharacter(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x30...0x39, 0x2D, 0x2E, 0xB7, 0x300...0x36F, 0x203F...0x2040: true
        default: isNameStart(scalar)
        }
    }

    /// Returns the length in bytes of the character at `offset` of valid UTF-8 if XML does not allow it (a control
    /// character, U+FFFE or U+FFFF), else 0.
    package static func forbiddenLength(_ bytes: UnsafeBufferPointer<UInt8>, at offset: Int) -> Int {
        let byte = bytes[offset]
        if byte < 0x20 { return isWhiteSpace(byte) ? 0 : 1 }
        let isNoncharacter = byte == 0xEF && bytes[offset + 1] == 0xBF && bytes[offset + 2] >= 0xBE
        return isNoncharacter ? 3 : 0
    }

    /// Returns the offset of the first byte that is not UTF-8 or begins a character that XML does not allow, or nil if
    /// there is none.
    package static func firstInvalidByte(of bytes: [UInt8]) -> Int? {
        bytes.withUnsafeBufferPointer { bytes in
            var offset = 0
            while offset < bytes.count {
                let first = bytes[offset]
                if first < 0x80 {
                    guard first >= 0x20 || isWhiteSpace(first) else { return offset }
                    offset += 1
                    continue
                }
                guard let length = validSequenceLength(bytes, at: offset) else { return offset }
                offset += length
            }
            return nil
        }
    }

    /// Returns the length of the multi-byte character at `offset`, or nil if it is cut, overlong, a surrogate or no
    /// `Char`.
    private static func validSequenceLength(_ bytes: UnsafeBufferPointer<UInt8>, at offset: Int) -> Int? {
        let first = bytes[offset]
        let (length, minimum): (Int, UInt32)
        switch first {
        case 0xC2...0xDF: (length, minimum) = (2, 0x80)
        case 0xE0...0xEF: (length, minimum) = (3, 0x800)
        case 0xF0...0xF4: (length, minimum) = (4, 0x10000)
        default: return nil
        }
        guard bytes.count - offset >= length else { return nil }
        var scalar = UInt32(first) & (0xFF >> UInt32(length + 1))
        for position in offset + 1..<offset + length {
            guard bytes[position] & 0xC0 == 0x80 else { return nil }
            scalar = scalar << 6 | UInt32(bytes[position] & 0x3F)
        }
        return scalar >= minimum && isCharacter(scalar) ? length : nil
    }
}
