import Bytes

/// The servers of packages that a container's lists name, for the front-end's apt: sources.list(5), in both forms.
struct SourcesList {
    private static let keyword = "signed-by"
    /// apt's own way to unpack what it has fetched. In a list it would read any file of this machine.
    private static let unpacking = "store"

    /// What takes the place of scheme and host in URLs; nothing if it is empty.
    let mirror: String
    /// Returns the path on this machine of what the container has as a file of keys.
    let keys: (String) throws -> String

    /// Returns the text of a list as the front-end's apt can read it.
    func converted(_ text: String) throws -> String {
        var isOfKeys = false
        let lines = try text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            guard line.hasPrefix("#") || !Self.begins(with: Self.unpacking, line) else {
                return "refused-\(Self.unpacking):"
            }
            let isContinued = line.first.map { " \t".contains($0) } == true
            if isContinued, isOfKeys { return try withKeys(line) }
            guard !line.hasPrefix("#"), let (head, mark, rest) = Self.signature(line) else {
                isOfKeys = isContinued && isOfKeys
                return withMirror(line)
            }
            // The other form has all of it in brackets, on one line.
            isOfKeys = mark == ":"
            let value = rest.prefix { $0 != "]" }
            return try withMirror(head) + String(mark) + withKeys(value) + withMirror(rest.dropFirst(value.count))
        }
        return lines.joined(separator: "\n")
    }

    /// Whether a URL of a line begins like that, in any case, as apt reads it: without quotation marks, `%XX` decoded.
    private static func begins(with scheme: String, _ line: Substring) -> Bool {
        var bytes: [UInt8] = []
        var rest = Array(line.utf8)[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(2).compactMap(hexadecimalValue)
            if byte == UInt8(ascii: "%"), digits.count == 2 {
                bytes.append(digits[0] << 4 | digits[1])
                rest = rest.dropFirst(2)
            } else if byte != UInt8(ascii: "\"") {
                bytes.append(byte)
            }
        }
        // What a scheme can follow, in both forms of a list: another scheme, too.
        let words = bytes.split { $0 <= 0x20 || "]+:".utf8.contains($0) }
        return words.contains { word in
            word.map { $0 | 0x20 } == Array(scheme.utf8) && word.endIndex < bytes.endIndex
                && bytes[word.endIndex] == UInt8(ascii: ":")
        }
    }

    /// Returns what is in front of the sign that follows the keyword, that sign, and the rest; nil if the line names no
    /// keys.
    private static func signature(_ line: Substring) -> (Substring, Character, Substring)? {
        // In any case.
        guard let word = line.utf8.map({ $0 | 0x20 }).firstRange(of: Array(keyword.utf8)) else { return nil }
        let behind = line[line.utf8.index(line.startIndex, offsetBy: word.upperBound)...]
        guard let mark = behind.first(where: { $0 != " " && $0 != "+" }), ":=".contains(mark),
            let place = behind.firstIndex(of: mark)
        else { return nil }
        return (line[..<place], mark, line[behind.index(after: place)...])
    }

    /// Returns a value with the paths in it replaced. What else it has are fingerprints, or the keys themselves.
    private func withKeys(_ value: Substring) throws -> String {
        var result = ""
        var rest = value
        while let first = rest.first {
            let isSeparator = " \t,".contains(first)
            let word = rest.prefix { " \t,".contains($0) == isSeparator }
            rest = rest.dropFirst(word.count)
            result += word.hasPrefix("/") ? try keys(String(word)) : String(word)
        }
        return result
    }

    private func withMirror(_ text: Substring) -> String {
        guard !mirror.isEmpty else { return String(text) }
        var result = ""
        var rest = text
        while let scheme = ["https://", "http://"].compactMap({ rest.firstRange(of: $0) }).min(by: {
            $0.lowerBound < $1.lowerBound
        }) {
            result += rest[..<scheme.lowerBound] + mirror
            rest = rest[scheme.upperBound...].drop { $0 != "/" && $0 != " " }
        }
        return result + rest
    }
}
