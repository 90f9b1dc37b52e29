/// Calls `body` with the UTF-8 of `text`, without a copy whenever that is possible.
package func withBytes<Result>(
    of text: String, _ body: (UnsafeRawBufferPointer) throws -> Result
) rethrows -> Result {
    var text = text
    return try text.withUTF8 { try body(UnsafeRawBufferPointer($0)) }
}
