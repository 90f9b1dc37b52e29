extension Base64 {
    /// As ``encode(_:)``, for what lies in an array: reports of some ten megabytes are encoded twice.
    public static func encode(_ bytes: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: (bytes.count + 2) / 3 * 4) { text, count in
            bytes.withUnsafeBufferPointer { bytes in
                digits.withUnsafeBufferPointer { digits in
                    count = encode(bytes, to: text, digits)
                }
            }
        }
    }

    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    private static func encode(
        _ bytes: UnsafeBufferPointer<UInt8>, to text: UnsafeMutableBufferPointer<UInt8>,
        _ digits: UnsafeBufferPointer<UInt8>
    ) -> Int {
        var written = 0
        var offset = 0
        while offset + 3 <= bytes.count {
            let group = UInt32(bytes[offset]) << 16 | UInt32(bytes[offset + 1]) << 8 | UInt32(bytes[offset + 2])
            for digit in 0..<4 { text[written + digit] = digits[Int(group >> UInt32(18 - 6 * digit) & 0x3F)] }
            written += 4
            offset += 3
        }
        let rest = bytes.count - offset
        guard rest > 0 else { return written }
        let group = UInt32(bytes[offset]) << 16 | (rest == 2 ? UInt32(bytes[offset + 1]) << 8 : 0)
        for digit in 0..<4 {
            text[written + digit] =
                digit <= rest ? digits[Int(group >> UInt32(18 - 6 * digit) & 0x3F)] : UInt8(ascii: "=")
        }
        return written + 4
    }
}
