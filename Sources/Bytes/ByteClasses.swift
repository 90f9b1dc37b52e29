/// Space, tab, line feed and carriage return: white space in XML, in templates and around base64.
@inlinable
package func isWhiteSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x0A || byte == 0x09 || byte == 0x0D
}

/// An ASCII digit.
@inlinable
package func isDigit(_ byte: UInt8) -> Bool {
    byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
}

/// An ASCII letter or digit.
@inlinable
package func isAlphanumeric(_ byte: UInt8) -> Bool {
    isDigit(byte) || byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z")
}

/// A hexadecimal digit, in capitals or not.
@inlinable
package func isHexadecimalDigit(_ byte: UInt8) -> Bool {
    isDigit(byte) || byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "f")
}

/// An ASCII letter, digit or underscore: what names are made of.
@inlinable
package func isWordByte(_ byte: UInt8) -> Bool {
    isAlphanumeric(byte) || byte == UInt8(ascii: "_")
}
