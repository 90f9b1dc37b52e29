/// The one error that a user sees: what failed, on what, why, and what to do about it.
///
/// `description` is the line that an action writes to standard error and that oned stores in the app, so it is made
/// safe for both: one line, no control characters, no `]]>`, at most ``maximumLength`` characters.
package struct DriverError: Error, CustomStringConvertible {
    /// The longest line that is ever printed, in Unicode scalars.
    package static let maximumLength = 1000

    /// The operation that failed, as a verb phrase: `write the image`.
    package let operation: String
    /// Its object: a path, a URL, an attribute.
    package let object: String
    /// The reason.
    package let cause: String
    /// What the reader can do about it.
    package let remedy: String
    /// The error that ``cause`` describes, for whoever has to know its kind: nothing is read out of texts. Nil if there
    /// is none.
    package let underlying: (any Error)?

    package init(
        _ operation: String, _ object: String, cause: String, remedy: String, underlying: (any Error)? = nil
    ) {
        self.operation = operation
        self.object = object
        self.cause = cause
        self.remedy = remedy
        self.underlying = underlying
    }

    /// An error whose cause another one states in its own words.
    package init(_ operation: String, _ object: String, cause: any Error, remedy: String) {
        self.init(operation, object, cause: "\(cause)", remedy: remedy, underlying: cause)
    }

    package var description: String {
        // The remedy is the part that must survive a long cause.
        let ending = oneLine(remedy, limit: Self.maximumLength / 3)
        let limit = Self.maximumLength - ending.unicodeScalars.count - 2
        return oneLine("Cannot \(operation) \(object): \(cause)", limit: limit) + "; " + ending
    }
}

/// Returns `text` as one printable line that CDATA can contain: control characters become escapes, `]]>` is broken up,
/// and a text longer than `limit` Unicode scalars is cut with an ellipsis. `limit` is at least 1.
package func oneLine(_ text: String, limit: Int = DriverError.maximumLength) -> String {
    var line = String.UnicodeScalarView()
    var count = 0
    for scalar in text.unicodeScalars {
        let piece = printable(scalar, after: line)
        count += piece.unicodeScalars.count
        line.append(contentsOf: piece.unicodeScalars)
        if count > limit { break }
    }
    guard count > limit else { return String(line) }
    return String(String.UnicodeScalarView(line.prefix(limit - 1))) + "…"
}

/// Returns the text that is printed for `scalar` after `line`.
private func printable(_ scalar: Unicode.Scalar, after line: String.UnicodeScalarView) -> String {
    switch scalar.value {
    case 0x0A: return "\\n"
    case 0x0D: return "\\r"
    case 0x09: return " "
    case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029, 0xFFFE, 0xFFFF:
        return "\\u{" + String(scalar.value, radix: 16) + "}"
    case 0x3E where line.last == "]" && line.dropLast().last == "]":
        return " >"
    default:
        return String(scalar)
    }
}

/// Returns `text` between quotation marks, so that the reader sees both ends of an odd name.
package func quoted(_ text: some CustomStringConvertible) -> String {
    "'\(text)'"
}

/// Returns `1 app` or `3 apps`.
package func counted(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
