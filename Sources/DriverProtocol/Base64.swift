import Bytes

/// Base64 as oned writes it (RFC 4648, no line breaks) and as people paste it (wrapped, padding lost).
package enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    /// Has bits that no digit's value has, so that one test finds it among four values.
    private static let outside: UInt8 = 0xFF
    private static let values: [UInt8] = {
        var table = [UInt8](repeating: outside, count: 256)
        for (value, byte) in alphabet.enumerated() { table[Int(byte)] = UInt8(value) }
        return table
    }()

    /// Returns the bytes that `text` encodes, or nil if it is not base64. White space is passed over and the padding
    /// may be missing. A single left-over digit, bits beyond the last byte, and anything after the padding are refused.
    package static func decode(_ text: some Sequence<UInt8>) -> [UInt8]? {
        // A message has up to 22 MB: bytes in one piece are some thirty times faster than a generic sequence.
        let decoded = text.withContiguousStorageIfAvailable { decode(buffer: $0) }
        return decoded ?? Array(text).withUnsafeBufferPointer { decode(buffer: $0) }
    }

    private static func decode(buffer text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        var isValid = false
        let bytes = [UInt8](unsafeUninitializedCapacity: text.count / 4 * 3 + 3) { room, count in
            values.withUnsafeBufferPointer { values in
                var decoder = Decoder(text: text, values: values, room: room)
                isValid = decoder.run()
                count = decoder.count
            }
        }
        return isValid ? bytes : nil
    }

    private struct Decoder {
        let text: UnsafeBufferPointer<UInt8>
        let values: UnsafeBufferPointer<UInt8>
        let room: UnsafeMutableBufferPointer<UInt8>
        /// The number of bytes written so far.
        var count = 0
        private var offset = 0
        /// The bits of digits that are not yet a group of four.
        private var pending = 0
        private var accumulator: UInt32 = 0

        init(
            text: UnsafeBufferPointer<UInt8>, values: UnsafeBufferPointer<UInt8>,
            room: UnsafeMutableBufferPointer<UInt8>
        ) {
            self.text = text
            self.values = values
            self.room = room
        }

        /// Decodes all of the text. Returns whether it was base64.
        mutating func run() -> Bool {
            var padding = 0
            while offset < text.count {
                if pending == 0, padding == 0 { takeWholeGroups() }
                guard offset < text.count else { break }
                let byte = text[offset]
                offset += 1
                if isWhiteSpace(byte) { continue }
                if byte == UInt8(ascii: "=") {
                    padding += 1
                    continue
                }
                guard values[Int(byte)] != outside, padding == 0 else { return false }
                take(values[Int(byte)])
            }
            guard padding == 0 || (pending != 0 && pending + padding == 4) else { return false }
            return finish()
        }

        /// Groups of four digits with nothing between them, up to the next byte that is not a digit.
        private mutating func takeWholeGroups() {
            while text.count - offset >= 4 {
                let (first, second) = (values[Int(text[offset])], values[Int(text[offset + 1])])
                let (third, fourth) = (values[Int(text[offset + 2])], values[Int(text[offset + 3])])
                guard (first | second | third | fourth) & 0xC0 == 0 else { return }
                room[count] = first << 2 | second >> 4
                room[count + 1] = second << 4 | third >> 2
                room[count + 2] = third << 6 | fourth
                count += 3
                offset += 4
            }
        }

        private mutating func take(_ value: UInt8) {
            accumulator = accumulator << 6 | UInt32(value)
            pending += 1
            guard pending == 4 else { return }
            put(accumulator >> 16)
            put(accumulator >> 8)
            put(accumulator)
            pending = 0
        }

        /// Decodes two or three left-over digits, which must have no bits beyond the last byte. Returns whether that is
        /// so.
        private mutating func finish() -> Bool {
            switch pending {
            case 0:
                return true
            case 2 where accumulator & 0xF == 0:
                put(accumulator >> 4)
                return true
            case 3 where accumulator & 0x3 == 0:
                put(accumulator >> 10)
                put(accumulator >> 2)
                return true
            default:
                return false
            }
        }

        private mutating func put(_ bits: UInt32) {
            room[count] = UInt8(truncatingIfNeeded: bits)
            count += 1
        }
    }

    /// Returns the base64 text of `bytes`, padded, on one line.
    package static func encode(_ bytes: some Collection<UInt8>) -> [UInt8] {
        let encoded = bytes.withContiguousStorageIfAvailable { encode(buffer: $0) }
        return encoded ?? Array(bytes).withUnsafeBufferPointer { encode(buffer: $0) }
    }

    /// The two digits for each twelve bits, the first one in the lower byte.
    private static let pairs: [UInt16] = (0..<1 << 12).map { bits in
        UInt16(alphabet[bits >> 6]) | UInt16(alphabet[bits & 0x3F]) << 8
    }

    private static func encode(buffer bytes: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        let size = (bytes.count + 2) / 3 * 4
        return [UInt8](unsafeUninitializedCapacity: size) { room, count in
            count = size
            guard let base = UnsafeRawPointer(bytes.baseAddress), let text = UnsafeMutableRawPointer(room.baseAddress)
            else { return }
            pairs.withUnsafeBufferPointer { pairs in
                // Six bytes at a time, of the eight that are read.
                var offset = 0
                while offset + 8 <= bytes.count {
                    let bits = base.loadUnaligned(fromByteOffset: offset, as: UInt64.self).bigEndian
                    let digits =
                        UInt64(pairs[Int(bits >> 52)]) | UInt64(pairs[Int(bits >> 40 & 0xFFF)]) << 16
                        | UInt64(pairs[Int(bits >> 28 & 0xFFF)]) << 32 | UInt64(pairs[Int(bits >> 16 & 0xFFF)]) << 48
                    text.storeBytes(of: digits.littleEndian, toByteOffset: offset / 3 * 4, as: UInt64.self)
                    offset += 6
                }
                while offset < bytes.count {
                    let length = min(3, bytes.count - offset)
                    let second = length > 1 ? UInt32(bytes[offset + 1]) : 0
                    let third = length > 2 ? UInt32(bytes[offset + 2]) : 0
                    let bits = UInt32(bytes[offset]) << 16 | second << 8 | third
                    let digits = UInt32(pairs[Int(bits >> 12)]) | UInt32(pairs[Int(bits & 0xFFF)]) << 16
                    text.storeBytes(of: digits.littleEndian, toByteOffset: offset / 3 * 4, as: UInt32.self)
                    offset += 3
                }
            }
            for position in size - (3 - bytes.count % 3) % 3..<size { room[position] = UInt8(ascii: "=") }
        }
    }
}
