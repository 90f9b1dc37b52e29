import Bytes

/// The version in the name of a package's file, in the order that package managers have: `7.10` is newer than `7.9`, and
/// `7.2~rc1` older than `7.2`.
struct PackageVersion: Comparable, Sendable {
    /// A run of digits or of letters: what they are, how many digits, and the text.
    private struct Part: Comparable, Sendable {
        let rank: Int
        let digits: Int
        let text: String

        static let tilde = Part(rank: 0, digits: 0, text: "")
        static let end = Part(rank: 1, digits: 0, text: "")

        static func word(_ text: Substring) -> Part { Part(rank: 2, digits: 0, text: String(text)) }

        static func number(_ text: Substring) -> Part {
            let digits = text.drop { $0 == "0" }
            return Part(rank: 3, digits: digits.count, text: String(digits))
        }

        static func < (left: Part, right: Part) -> Bool {
            (left.rank, left.digits, left.text) < (right.rank, right.digits, right.text)
        }
    }

    /// Of the version itself, of the release, and of what else there is.
    private let fields: [[Part]]

    /// - Parameter fields: `7.2.1` and `0.el9`.
    init(_ fields: [String]) {
        self.fields = fields.map { Self.parts(of: $0) }
    }

    private static func parts(of field: String) -> [Part] {
        var parts: [Part] = []
        var rest = Substring(field)
        while let first = rest.utf8.first {
            let isNumber = isDigit(first)
            let run = rest.prefix { $0.utf8.first.map { isAlphanumeric($0) && isDigit($0) == isNumber } == true }
            rest = rest.dropFirst(max(1, run.count))
            if !run.isEmpty {
                parts.append(isNumber ? .number(run) : .word(run))
            } else if first == UInt8(ascii: "~") {
                parts.append(.tilde)
            }
        }
        return parts + [.end]
    }

    static func < (left: PackageVersion, right: PackageVersion) -> Bool {
        left.fields.lexicographicallyPrecedes(right.fields) { $0.lexicographicallyPrecedes($1) }
    }
}
