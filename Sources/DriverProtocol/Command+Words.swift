import Bytes
import Posix

extension Command {
    /// Returns the words of a command, divided as by a shell: at white space that is neither between quotation marks
    /// nor behind a backslash. Nothing is expanded, and no shell is needed to run the result.
    ///
    /// Between double quotes a backslash escapes `"`, `\`, `$` and a backquote, between single ones nothing. A
    /// quotation that is never closed reaches to the end.
    package static func words(of command: String) -> [String] {
        var words: [String] = []
        // Nil between two words: a word may be empty, as in ''.
        var word: [UInt8]?
        var quote: UInt8?
        var rest = Array(command.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == quote {
                quote = nil
            } else if byte == UInt8(ascii: "\\"), quote != UInt8(ascii: "'") {
                let isEscape = quote == nil || rest.first.map { "\"\\$`".utf8.contains($0) } == true
                word = word ?? []
                word!.append(isEscape ? rest.popFirst() ?? byte : byte)
            } else if quote == nil, byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
                quote = byte
                word = word ?? []
            } else if quote == nil, isWhiteSpace(byte) {
                if let finished = word { words.append(String(decoding: finished, as: UTF8.self)) }
                word = nil
            } else {
                word = word ?? []
                word!.append(byte)
            }
        }
        if let word { words.append(String(decoding: word, as: UTF8.self)) }
        return words
    }
}
