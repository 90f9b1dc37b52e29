import Bytes
import Posix
import XML

/// A driver message of oned: `<MARKET_DRIVER_ACTION_DATA>` or `<DS_DRIVER_ACTION_DATA>`, as base64 or as plain XML.
package struct Message: Sendable {
    /// The names that the document's root may have.
    static let rootNames = ["MARKET_DRIVER_ACTION_DATA", "DS_DRIVER_ACTION_DATA"]

    /// The longest text that is read, in bytes: base64 of the largest document, with line breaks.
    package static let maximumTextSize = XMLParser.maximumSize / 3 * 4 + XMLParser.maximumSize / 16

    package let root: XMLElement
    /// The XML of ``root``, whose elements' ranges point into it.
    package let document: [UInt8]
    /// The paths that may be read; nil for all.
    private var known: Set<String>?

    /// Reads a message, base64 or plain XML. Throws a ``DriverError`` that says what is wrong with it.
    ///
    /// - Parameter action: the one that it is for, if that is known: `datastore/fs/cp`.
    package init(text: [UInt8], for action: String? = nil) throws(DriverError) {
        do throws(Unreadable) {
            try self.init(reading: text)
        } catch {
            throw Self.unreadable(error, for: action)
        }
    }

    private struct Unreadable: Error {
        let cause: String
        var underlying: (any Error)?

        init(_ cause: String, _ underlying: (any Error)? = nil) { (self.cause, self.underlying) = (cause, underlying) }
    }

    private init(reading text: [UInt8]) throws(Unreadable) {
        let given = withoutLead(text)
        guard let first = given.first else { throw Unreadable("it is empty") }
        if first == UInt8(ascii: "<") {
            document = given.count == text.count ? text : Array(given)
        } else if let decoded = Base64.decode(given) {
            document = Array(withoutLead(decoded))
        } else {
            throw Unreadable("it is neither base64 nor XML")
        }
        do {
            root = try XMLParser.parse(document)
        } catch {
            throw Unreadable("\(error)", error)
        }
        guard Self.rootNames.contains(root.name) else {
            throw Unreadable("its root is <\(root.name)>")
        }
    }

    private static func unreadable(_ reason: Unreadable, for action: String?) -> DriverError {
        let names = action.map { [rootNames[$0.hasPrefix("datastore/") ? 1 : 0]] } ?? rootNames
        return DriverError(
            "read", "the driver message", cause: reason.cause,
            remedy: "pass a \(names.map { "<\($0)>" }.joined(separator: " or ")) document of at most "
                + "\(XMLParser.maximumSize >> 20) MiB, base64 or plain XML",
            underlying: reason.underlying)
    }

    /// Returns the text of the element at `path`, or nil if it is missing, empty or only white space.
    func text(at path: String) -> String? {
        guard let text = root.element(at: path)?.text, !text.utf8.allSatisfy(isWhiteSpace) else { return nil }
        return text
    }

    /// Returns the value that the message states, or nil if the element is missing, empty or only white space.
    package func stated(_ input: Input) -> String? {
        assert(known?.contains(input.path) ?? true, "the action's inputs lack \(input.path)")
        return text(at: input.path)
    }

    /// Returns the value that the message states, else the input's standard value, or nil if there is neither.
    package func value(_ input: Input) -> String? { stated(input) ?? input.standard }

    /// Lets no other inputs be read than these: a check of what an action declares, for debug builds. Returns true.
    mutating func allow(_ inputs: [Input]) -> Bool {
        known = Set((inputs + Input.objects).map(\.path))
        return true
    }

    /// Returns the value of an input. Throws if there is none.
    package func required(_ input: Input) throws(DriverError) -> String {
        guard let value = value(input) else {
            throw DriverError(
                "use", "the driver message", cause: "\(input.path) is missing or empty",
                remedy: Self.remedy(for: input))
        }
        return value
    }

    /// Returns the location that an input states. Throws a ``DriverError`` if it is missing.
    package func location(_ input: Input) throws(DriverError) -> Location { Location(try required(input)) }

    /// Returns the path of a directory or file that has to be there.
    package func requiredPath(_ input: Input) throws(DriverError) -> String {
        let value = try required(input)
        guard isAbsolute(value) else { throw invalid(input, "is no absolute path", remedy: "begin it with /") }
        return value
    }

    /// Returns a whole number that is not negative, or nil if there is none. Throws if the value is no such number.
    package func number(_ input: Input) throws(DriverError) -> UInt64? {
        guard let text = value(input) else { return nil }
        guard text.utf8.allSatisfy(isDigit) else {
            throw invalid(input, "is not a whole number", remedy: "write digits only")
        }
        guard let number = UInt64(text) else { throw invalid(input, "is too large", remedy: "give a smaller number") }
        return number
    }

    /// Returns a number of `allowed`, or nil if there is none. Throws if the value is no such number.
    ///
    /// - Parameter unit: of what: `MB`.
    package func number(
        _ input: Input, in allowed: ClosedRange<UInt64>, unit: String
    ) throws(DriverError) -> UInt64? {
        guard let number = try number(input) else { return nil }
        guard allowed.contains(number) else {
            throw invalid(
                input, "is out of range",
                remedy: "give \(allowed.lowerBound) to \(allowed.upperBound) \(unit)")
        }
        return number
    }

    /// Returns whether the value is YES, in any case; false if there is none. Throws if it is neither YES nor NO.
    package func flag(_ input: Input) throws(DriverError) -> Bool {
        guard let text = value(input) else { return false }
        guard let flag = Self.flag(text) else {
            throw invalid(input, "is neither YES nor NO", remedy: "write YES or NO (TRUE, FALSE, 1 and 0 will do, too)")
        }
        return flag
    }

    /// Returns what YES or NO, TRUE or FALSE, 1 or 0 say, in any case, or nil for anything else.
    package static func flag(_ text: String) -> Bool? {
        switch text.lowercased() {
        case "yes", "true", "1": true
        case "no", "false", "0": false
        default: nil
        }
    }

    /// Returns the words of a list divided by white space; none if there is no value.
    package func words(_ input: Input) -> [String] {
        (value(input) ?? "").split(whereSeparator: \.isWhitespace).map(String.init)
    }

    /// Returns the error of an input whose value cannot be used.
    package func invalid(_ input: Input, _ cause: String, remedy: String) -> DriverError {
        DriverError(
            "use", input.path,
            cause: "its value \(quoted(oneLine(shown(value(input) ?? ""), limit: 200))) \(cause)", remedy: remedy)
    }

    /// Returns a value without the secrets that a URL or a login can hold.
    private func shown(_ value: String) -> String {
        value.contains("://") ? "\(Location(value))" : redactedLogins(in: value)
    }

    /// Returns the place in which the reader sets an input.
    private static func remedy(for input: Input) -> String {
        if input.path.hasPrefix("MARKETPLACE/TEMPLATE/") {
            return "set \(input.name) in the marketplace's template (onemarket update)"
        }
        if input.path.hasPrefix("DATASTORE/") {
            return "set \(input.name) in the datastore's template (onedatastore update)"
        }
        return "pass the message as oned writes it for this action; --example prints one"
    }
}
