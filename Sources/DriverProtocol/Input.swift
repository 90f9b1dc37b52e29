/// An element of oned's message that an action reads: a row of the tables in `--help` and in the manual. A message's
/// values can only be read by one, so that what is read is what is told.
package struct Input: Sendable, Hashable {
    /// What counts if the element is missing or empty.
    package enum Absence: Sendable, Hashable {
        /// Nothing: it is an error.
        case isError
        /// This value.
        case standard(String)
        /// What the words say, for the reader; no words if nothing is to be said.
        case means(String)
    }

    /// The path below the document's root: `MARKETPLACE/TEMPLATE/BUCKET`.
    package let path: String
    package let absence: Absence
    /// What it is, in one line for the reader.
    package let meaning: String
    /// A value for `--example`; nil if none is needed there.
    package let example: String?

    private init(_ path: String, _ absence: Absence, _ meaning: String, example: String?) {
        self.path = path
        self.absence = absence
        self.meaning = meaning
        self.example = example
    }

    /// An element without which an action does not begin.
    package static func required(_ path: String, _ meaning: String, example: String) -> Input {
        Input(path, .isError, meaning, example: example)
    }

    /// An element that may be missing: what happens then is said by `otherwise`.
    package static func optional(
        _ path: String, _ meaning: String, otherwise: String = "", example: String? = nil
    ) -> Input {
        Input(path, .means(otherwise), meaning, example: example)
    }

    /// An element that has the value `standard` if it is missing.
    package static func optional(_ path: String, default standard: String, _ meaning: String) -> Input {
        Input(path, .standard(standard), meaning, example: nil)
    }

    package var isRequired: Bool { absence == .isError }

    /// The value that counts if the element is missing, or nil if there is none.
    package var standard: String? {
        if case .standard(let value) = absence { value } else { nil }
    }

    /// The last part of the path, which is the attribute's name in a template.
    package var name: String { path.split(separator: "/").last.map(String.init) ?? path }

    /// The row of the manual's tables: `` | `NAME` | required | What it is. | ``
    package var row: String {
        let otherwise =
            switch absence {
            case .isError: "required"
            case .standard(let value): "`\(value)`"
            case .means(let words): words
            }
        return "| `\(name)` | \(otherwise) | \(meaning) |".replacing("|  |", with: "| |")
    }
}
