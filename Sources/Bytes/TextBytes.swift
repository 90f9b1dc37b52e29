/// Calls `body` with the UTF-8 of `text`, without a copy whenever that is possible.
package func withBytes<Result>(
    of text: String, _ body: (UnsafeRawBufferPointer) throws -> Result
) rethrows -> Result {
    var text = text
    return try text.withUTF8 { try body(UnsafeRawBufferPointer($0)) }
}

/// Whether two texts are the same byte by byte, as they are to file systems and to S3. Swift's own comparison takes two
/// spellings of a character, as one letter or with an accent behind it, for equal.
package func haveSameBytes(_ one: String, _ other: String) -> Bool { one.utf8.elementsEqual(other.utf8) }
