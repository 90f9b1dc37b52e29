// The classes of bytes that parsers share, and hexadecimal digits.

/// Whether a byte is a space, tab, line feed or carriage return: white space in XML, in templates and around base64.
@inlinable
package func isWhiteSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x0A || byte == 0x09 || byte == 0x0D
}

/// Whether a byte is a control character of ASCII.
@inlinable
package func isControl(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte == 0x7F
}

/// Whether a byte is a printable character of ASCII that is no blank.
@inlinable
package func isVisible(_ byte: UInt8) -> Bool {
    byte > 0x20 && byte < 0x7F
}

/// Whether a byte is an ASCII digit.
@inlinable
package func isDigit(_ byte: UInt8) -> Bool {
    byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
}

/// Whether a byte is an ASCII letter that is no capital.
@inlinable
package func isLowercase(_ byte: UInt8) -> Bool {
    byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z")
}

/// Whether a byte is an ASCII letter.
@inlinable
package func isLetter(_ byte: UInt8) -> Bool {
    isLowercase(byte | 0x20)
}

/// Whether a byte is an ASCII letter or digit.
@inlinable
package func isAlphanumeric(_ byte: UInt8) -> Bool {
    isDigit(byte) || isLetter(byte)
}

/// Whether a byte is a letter, a digit or an underscore: what the names of attributes and variables are made of.
@inlinable
package func isWordByte(_ byte: UInt8) -> Bool {
    isAlphanumeric(byte) || byte == UInt8(ascii: "_")
}

/// Returns the byte of an ASCII capital's small letter, and every other byte as it is.
@inlinable
package func lowercased(_ byte: UInt8) -> UInt8 {
    byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
}

/// Returns what a hexadecimal digit stands for, in capitals or not; nil if the byte is none.
@inlinable
package func hexadecimalValue(_ byte: UInt8) -> UInt8? {
    if isDigit(byte) { return byte - UInt8(ascii: "0") }
    let letter = byte | 0x20
    return letter >= UInt8(ascii: "a") && letter <= UInt8(ascii: "f") ? letter - UInt8(ascii: "a") + 10 : nil
}

/// Whether `text` consists of so many hexadecimal digits, in capitals or not.
package func isHexadecimal(_ text: some Collection<UInt8>, digits: Int) -> Bool {
    text.count == digits && text.allSatisfy { hexadecimalValue($0) != nil }
}

/// Returns `bytes` in hexadecimal digits, two for each.
package func hexadecimal(_ bytes: some Collection<UInt8>, inCapitals: Bool = false) -> String {
    let ten = UInt8(ascii: inCapitals ? "A" : "a")
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count * 2)
    for byte in bytes {
        for digit in [byte >> 4, byte & 0xF] { text.append(digit < 10 ? UInt8(ascii: "0") + digit : ten + digit - 10) }
    }
    return String(decoding: text, as: UTF8.self)
}
