/// Base64 as oned writes it (RFC 4648, no line breaks) and as people paste it (wrapped, padding lost).
public enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let outside: UInt8 = 0xFF
    private static let values: [UInt8] = {
        var table = [UInt8](repeating: outside, count: 256)
        for (value, byte) in alphabet.enumerated() { table[Int(byte)] = UInt8(value) }
        return table
    }()

    /// The bytes that `text` stands for, or nil where it is not base64. White space is passed over and the padding
    /// may be missing; a single left-over digit, bits beyond the last byte, or anything behind the padding is refused.
    public static func decode(_ text: some Sequence<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.underestimatedCount / 4 * 3)
        var accumulator: UInt32 = 0
        var digits = 0
        var padding = 0
        for byte in text {
            if isWhiteSpace(byte) { continue }
            if byte == UInt8(ascii: "=") {
                padding += 1
                continue
            }
            let value = values[Int(byte)]
            guard value != outside, padding == 0 else { return nil }
            accumulator = accumulator << 6 | UInt32(value)
            digits += 1
            if digits % 4 == 0 {
                bytes.append(UInt8(truncatingIfNeeded: accumulator >> 16))
                bytes.append(UInt8(truncatingIfNeeded: accumulator >> 8))
                bytes.append(UInt8(truncatingIfNeeded: accumulator))
            }
        }
        let rest = digits % 4
        guard rest != 1, padding == 0 || (rest != 0 && rest + padding == 4) else { return nil }
        guard appendRest(accumulator, digits: rest, to: &bytes) else { return nil }
        return bytes
    }

    private static func appendRest(_ accumulator: UInt32, digits: Int, to bytes: inout [UInt8]) -> Bool {
        switch digits {
        case 2:
            guard accumulator & 0xF == 0 else { return false }
            bytes.append(UInt8(truncatingIfNeeded: accumulator >> 4))
        case 3:
            guard accumulator & 0x3 == 0 else { return false }
            bytes.append(UInt8(truncatingIfNeeded: accumulator >> 10))
            bytes.append(UInt8(truncatingIfNeeded: accumulator >> 2))
        default:
            break
        }
        return true
    }

    /// The base64 text of `bytes`, padded, on one line.
    public static func encode(_ bytes: some Collection<UInt8>) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        var accumulator: UInt32 = 0
        var pending = 0
        for byte in bytes {
            accumulator = accumulator << 8 | UInt32(byte)
            pending += 1
            if pending == 3 {
                appendDigits(accumulator, count: 4, to: &text)
                accumulator = 0
                pending = 0
            }
        }
        if pending > 0 {
            appendDigits(accumulator << (8 * (3 - pending)), count: pending + 1, to: &text)
            for _ in pending..<3 { text.append(UInt8(ascii: "=")) }
        }
        return text
    }

    private static func appendDigits(_ group: UInt32, count: Int, to text: inout [UInt8]) {
        for digit in 0..<count {
            text.append(alphabet[Int(group >> UInt32(18 - 6 * digit) & 0x3F)])
        }
    }
}

/// Space, tab, line feed and carriage return: white space in XML, in templates and around base64.
public func isWhiteSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x0A || byte == 0x09 || byte == 0x0D
}
