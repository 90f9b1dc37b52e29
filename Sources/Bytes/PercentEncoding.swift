/// Returns UTF-8 with all bytes as `%XX` but those of RFC 3986's unreserved characters, the way that Signature Version
/// 4 prescribes.
///
/// - Parameter keepingSlashes: whether slashes stay, as in an object's key.
package func percentEncoded(_ text: some Sequence<UInt8>, keepingSlashes: Bool = false) -> String {
    var encoded: [UInt8] = []
    for byte in text {
        if isAlphanumeric(byte) || "-._~".utf8.contains(byte) || (keepingSlashes && byte == UInt8(ascii: "/")) {
            encoded.append(byte)
        } else {
            encoded.append(UInt8(ascii: "%"))
            encoded += hexadecimal(CollectionOfOne(byte), inCapitals: true).utf8
        }
    }
    return String(decoding: encoded, as: UTF8.self)
}

/// Returns what ``percentEncoded(_:keepingSlashes:)`` was given; nil if that was no text.
package func percentDecoded(_ text: String) -> String? {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
        guard byte == UInt8(ascii: "%") else {
            bytes.append(byte)
            continue
        }
        guard let high = rest.popFirst().flatMap(hexadecimalValue), let low = rest.popFirst().flatMap(hexadecimalValue)
        else { return nil }
        bytes.append(high << 4 | low)
    }
    return String(validating: bytes, as: UTF8.self)
}
