import Bytes
import DriverProtocol

/// A word of a shell's text, its quotation marks taken off.
struct ShellWord: Equatable {
    fileprivate(set) var bytes: [UInt8] = []
    /// How many of the bytes stand before the first quotation mark or backslash: a name has neither.
    fileprivate(set) var plainCount: Int?
    /// The shell would put something else in its place: `$NAME`, a command's output, a home directory.
    fileprivate(set) var isExpanded = false

    /// The word where it stands without quotation marks; what a keyword is told by.
    var plain: String? { plainCount == nil ? String(decoding: bytes, as: UTF8.self) : nil }

    fileprivate mutating func quote() {
        if plainCount == nil { plainCount = bytes.count }
    }

    /// Name and value of an assignment; nil where it is none.
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

/// What stands between two line feeds or semicolons.
struct ShellStatement: Equatable {
    /// That it begins in, counted from 1.
    var line: Int
    var words: [ShellWord] = []
    /// It has an operator (`&&`, `|`, `>`, parentheses), or a quotation that is never closed.
    var isCommand = false
}

/// Divides a text as sh does. Nothing is expanded and nothing run.
struct ShellScanner {
    private var rest: ArraySlice<UInt8>
    private var line = 1
    private var word: ShellWord?
    private var statement = ShellStatement(line: 1)
    /// Parentheses that are open: what stands in them is one statement's.
    private var depth = 0

    init(_ text: [UInt8]) {
        rest = text.starts(with: [0xEF, 0xBB, 0xBF]) ? text[3...] : text[...]
    }

    /// The next statement, which may be empty; nil at the end.
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
        // A home directory at the beginning of a value, or of a part of a path.
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

    /// A dollar sign, which stands for itself only where nothing follows that the shell would put a value for.
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
        // Behind a dollar sign they belong to a substitution, which has been seen.
        if byte == UInt8(ascii: "(") { depth += 1 }
        if byte == UInt8(ascii: ")"), depth > 0 { depth -= 1 }
        endWord()
        statement.isCommand = true
    }
}
