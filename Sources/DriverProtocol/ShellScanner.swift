import Bytes

/// A word of a shell's text, without its quotation marks.
struct ShellWord: Equatable {
    fileprivate(set) var bytes: [UInt8] = []
    /// The number of bytes before the first quotation mark or backslash, or nil if there is none: a name has neither.
    fileprivate(set) var plainCount: Int?
    /// Whether the shell would replace part of it: `$NAME`, a command's output, a home directory.
    fileprivate(set) var isExpanded = false

    /// The word if it has no quotation marks, else nil: only such a word can be a keyword.
    var plain: String? { plainCount == nil ? String(decoding: bytes, as: UTF8.self) : nil }

    fileprivate mutating func quote() {
        if plainCount == nil { plainCount = bytes.count }
    }

    /// The name and value of an assignment, or nil if the word is none.
    var assignment: (name: String, value: String?)? {
        guard let equals = bytes.firstIndex(of: UInt8(ascii: "=")), equals < plainCount ?? .max, equals > 0,
            bytes[..<equals].allSatisfy(isWordByte), !isDigit(bytes[0])
        else { return nil }
        let value = bytes[(equals + 1)...]
        let isLiteral = !isExpanded && !value.contains(0)
        return (
            String(decoding: bytes[..<equals], as: UTF8.self),
            isLiteral ? String(validating: value, as: UTF8.self) : nil
        )
    }
}

/// The text between two line feeds or semicolons.
struct ShellStatement: Equatable {
    /// The line in which it begins, counted from 1.
    var line: Int
    var words: [ShellWord] = []
    /// Whether it has an operator (`&&`, `|`, `>`, parentheses), or a quotation that is never closed.
    var isCommand = false
}

/// Divides a text as sh does. Nothing is expanded, and nothing is run.
struct ShellScanner {
    private var rest: ArraySlice<UInt8>
    private var line = 1
    private var word: ShellWord?
    private var statement = ShellStatement(line: 1)
    /// The number of open parentheses: all that is inside belongs to one statement.
    private var depth = 0

    init(_ text: [UInt8]) {
        rest = withoutByteOrderMark(text)
    }

    /// Returns the next statement, which may be empty, or nil at the end.
    mutating func next() -> ShellStatement? {
        guard !rest.isEmpty else { return nil }
        statement = ShellStatement(line: line)
        depth = 0
        while let byte = pop() {
            switch byte {
            case UInt8(ascii: "\n"), UInt8(ascii: ";"):
                endWord()
                if depth == 0 { return statement }
            case _ where isWhiteSpace(byte): endWord()
            case UInt8(ascii: "#") where word == nil: skipComment()
            case UInt8(ascii: "\\"): escape()
            case UInt8(ascii: "'"): quoteLiterally()
            case UInt8(ascii: "\""): quote()
            case UInt8(ascii: "$"): expand(quoted: false)
            case UInt8(ascii: "`"): substitute()
            case _ where "()&|<>".utf8.contains(byte): handleOperator(byte)
            default: append(byte)
            }
        }
        endWord()
        return statement
    }

    private mutating func pop() -> UInt8? {
        guard let byte = rest.popFirst() else { return nil }
        if byte == UInt8(ascii: "\n") { line += 1 }
        return byte
    }

    private mutating func append(_ byte: UInt8) {
        // A home directory, at the beginning of a value or of a part of a path.
        let isHome = byte == UInt8(ascii: "~") && word?.bytes.last.map { "=:".utf8.contains($0) } == true
        change { word in
            word.bytes.append(byte)
            if isHome { word.isExpanded = true }
        }
    }

    private mutating func change(_ body: (inout ShellWord) -> Void) {
        var changed = word ?? ShellWord()
        body(&changed)
        word = changed
    }

    private mutating func endWord() {
        if let word { statement.words.append(word) }
        word = nil
    }

    private mutating func skipComment() {
        rest = rest.drop { $0 != UInt8(ascii: "\n") }
    }

    private mutating func escape() {
        guard let byte = pop(), byte != UInt8(ascii: "\n") else { return }
        change { word in
            word.quote()
            word.bytes.append(byte)
        }
    }

    private mutating func quoteLiterally() {
        change { $0.quote() }
        while let byte = pop() {
            if byte == UInt8(ascii: "'") { return }
            change { $0.bytes.append(byte) }
        }
        statement.isCommand = true
    }

    private mutating func quote() {
        change { $0.quote() }
        while let byte = pop() {
            switch byte {
            case UInt8(ascii: "\""): return
            case UInt8(ascii: "$"): expand(quoted: true)
            case UInt8(ascii: "`"): substitute()
            case UInt8(ascii: "\\") where rest.first.map({ "$`\"\\\n".utf8.contains($0) }) == true:
                if let escaped = pop(), escaped != UInt8(ascii: "\n") { change { $0.bytes.append(escaped) } }
            default: change { $0.bytes.append(byte) }
            }
        }
        statement.isCommand = true
    }

    /// A dollar sign, which is literal only if nothing follows that the shell would expand.
    private mutating func expand(quoted: Bool) {
        let isExpanded =
            rest.first.map { next in
                isWordByte(next) || "{(@*#?-$!".utf8.contains(next) || !quoted && "'\"".utf8.contains(next)
            } ?? false
        change { word in
            word.bytes.append(UInt8(ascii: "$"))
            if isExpanded { word.isExpanded = true }
        }
    }

    private mutating func substitute() {
        change { $0.isExpanded = true }
        while let byte = pop(), byte != UInt8(ascii: "`") {
            if byte == UInt8(ascii: "\\") { _ = pop() }
        }
    }

    private mutating func handleOperator(_ byte: UInt8) {
        // Parentheses after a dollar sign belong to a substitution, which has been noted.
        if byte == UInt8(ascii: "(") { depth += 1 }
        if byte == UInt8(ascii: ")"), depth > 0 { depth -= 1 }
        endWord()
        statement.isCommand = true
    }
}
