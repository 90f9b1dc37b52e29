/// The byte order mark that a text in UTF-8 may begin with: U+FEFF.
package let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

/// Returns `text` without the byte order mark that it may begin with.
package func withoutByteOrderMark<Text: Collection<UInt8>>(_ text: Text) -> Text.SubSequence {
    text.dropFirst(text.starts(with: byteOrderMark) ? byteOrderMark.count : 0)
}

/// Returns `text` without the white space and the byte order marks that it begins with.
package func withoutLead(_ text: [UInt8]) -> ArraySlice<UInt8> {
    var rest = text[...]
    while true {
        let marked = withoutByteOrderMark(rest.drop(while: isWhiteSpace))
        if marked.count == rest.count { return rest }
        rest = marked
    }
}
