import Bytes
import Glibc
import Posix

/// The variables that a file for the shell sets, as far as they can be taken literally: `NAME=value` with the shell's
/// quotation marks, comments, `export NAME=value`.
///
/// Everything else is passed over: a value with `$NAME`, backquotes or `~` in it, a command, and all between `if` and
/// `fi` or the like.
package struct VariableFile: Equatable {
    package struct Variable: Equatable, Sendable {
        package let name: String
        package let value: String
    }

    private static let openers: Set = ["if", "case", "for", "while", "until", "select", "{"]
    private static let closers: Set = ["fi", "esac", "done", "}"]
    /// Keywords that a statement may follow at once.
    private static let leads: Set = ["then", "do", "else", "!", "{"]

    /// In the file's order: the last one of a name counts.
    package private(set) var variables: [Variable] = []
    /// The lines, counted from 1, in which something begins that was passed over.
    package private(set) var passedOver: [Int] = []

    package init(parsing text: [UInt8]) {
        var scanner = ShellScanner(text)
        var depth = 0
        while let statement = scanner.next() {
            let isInside = depth > 0
            depth = max(0, depth + Self.change(of: statement))
            if isInside { continue }
            if depth > 0 || !take(statement) { passedOver.append(statement.line) }
        }
    }

    /// Reads the file at `path`, which may have 1 MiB. Throws a `SystemError`.
    package init(path: String) throws(SystemError) {
        let file = try FileDescriptor.open(path, O_RDONLY | O_NONBLOCK)
        guard let text = try file.readToEnd(limit: 1 << 20) else { throw SystemError("read", path, code: EFBIG) }
        self.init(parsing: text)
    }

    /// Returns what an administrator has to know of a file at `path`: what of it was passed over, or nil if nothing was.
    package func warning(of path: String) -> String? {
        guard !passedOver.isEmpty else { return nil }
        let lines = passedOver.prefix(20).map(String.init).joined(separator: ", ")
        return "\(path) is read, not run: line \(lines)\(passedOver.count > 20 ? ", …" : "") is skipped; "
            + "write NAME=value there, without $, backquotes and commands"
    }

    /// Returns the number of compound commands that a statement opens, less those that it closes.
    private static func change(of statement: ShellStatement) -> Int {
        var change = 0
        var isLead = true
        for word in statement.words.map(\.plain) {
            guard let word else {
                isLead = false
                continue
            }
            if isLead, openers.contains(word) || word == "{" { change += 1 }
            if isLead, closers.contains(word) { change -= 1 }
            // A function's body follows its name.
            if !isLead, word == "{" { change += 1 }
            isLead = isLead && leads.contains(word)
        }
        return change
    }

    /// Takes the assignments of a statement. Returns whether it has nothing else.
    private mutating func take(_ statement: ShellStatement) -> Bool {
        let isExport = statement.words.first?.plain == "export"
        let words = statement.words.dropFirst(isExport ? 1 : 0)
        guard !statement.isCommand else { return false }
        var found: [Variable] = []
        var isWhole = true
        for word in words {
            if let (name, value) = word.assignment {
                if let value { found.append(Variable(name: name, value: value)) } else { isWhole = false }
            } else if !isExport || word.plain?.utf8.allSatisfy(isWordByte) != true {
                return false
            }
        }
        variables += found
        return isWhole
    }
}
