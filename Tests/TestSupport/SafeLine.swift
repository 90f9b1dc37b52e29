/// Returns the reason why oned could not store or a user not read `text`, or nil if there is none: it has to be one
/// line without control characters and `]]>`, of at most 1,000 characters.
package func faultOfLine(_ text: String) -> String? {
    var brackets = 0
    for scalar in text.unicodeScalars {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029, 0xFFFE, 0xFFFF:
            return "U+\(String(scalar.value, radix: 16)) is in it"
        case 0x3E where brackets >= 2: return "]]> is in it"
        default: brackets = scalar == "]" ? brackets + 1 : 0
        }
    }
    let count = text.unicodeScalars.count
    return count > 1000 ? "it has \(count) characters" : count == 0 ? "it is empty" : nil
}
