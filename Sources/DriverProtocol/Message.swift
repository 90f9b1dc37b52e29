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

    /// Reads a message, base64 or plain XML. Throws a ``DriverError`` that says what is wrong with it.
    package init(text: [UInt8]) throws(DriverError) {
        let given = withoutLead(text)
        guard let first = given.first else { throw Self.unreadable("it is empty") }
        if first == UInt8(ascii: "<") {
            document = given.count == text.count ? text : Array(given)
        } else if let decoded = Base64.decode(given) {
            document = Array(withoutLead(decoded))
        } else {
            throw Self.unreadable("it is neither base64 nor XML")
        }
        do {
            root = try XMLParser.parse(document)
        } catch {
            throw Self.unreadable("\(error)", error)
        }
        guard Self.rootNames.contains(root.name) else {
            throw Self.unreadable("its root is <\(root.name)>")
        }
    }

    private static func unreadable(_ cause: String, _ underlying: (any Error)? = nil) -> DriverError {
        DriverError(
            "read", "the driver message", cause: cause,
            remedy:
                "pass a <\(rootNames[0])> document of at most \(XMLParser.maximumSize >> 20) MiB, base64 or plain XML",
            underlying: underlying)
    }

    /// Returns the text of the element at `path`, or nil if it is missing, empty or only white space.
    package func value(_ path: String) -> String? {
        guard let text = root.element(at: path)?.text, !text.utf8.allSatisfy(isWhiteSpace) else { return nil }
        return text
    }

    /// Returns the text of an element. Throws if it is missing or empty.
    package func required(_ path: String) throws(DriverError) -> String {
        guard let value = value(path) else {
            throw DriverError(
                "use", "the driver message", cause: "\(path) is missing or empty", remedy: Self.remedy(for: path))
        }
        return value
    }

    /// Returns the location at `path`. Throws a ``DriverError`` if it is missing.
    package func location(_ path: String) throws(DriverError) -> Location { Location(try required(path)) }

    /// Returns the path of a directory or file that has to be there.
    package func requiredPath(_ path: String) throws(DriverError) -> String {
        let value = try required(path)
        guard isAbsolute(value) else { throw invalid(path, "is no absolute path", remedy: "begin it with /") }
        return value
    }

    /// Returns a whole number that is not negative, or nil if the element is missing or empty. Throws if it is no such
    /// number.
    package func number(_ path: String) throws(DriverError) -> UInt64? {
        guard let text = value(path) else { return nil }
        guard text.utf8.allSatisfy(isDigit) else {
            throw invalid(path, "is not a whole number", remedy: "give digits alone")
        }
        guard let number = UInt64(text) else { throw invalid(path, "is too large", remedy: "give a smaller number") }
        return number
    }

    /// Returns a YES or NO, in any case, or `standard` if the element is missing or empty. Throws if it is neither.
    package func flag(_ path: String, default standard: Bool) throws(DriverError) -> Bool {
        guard let text = value(path) else { return standard }
        guard let flag = Self.flag(text) else {
            throw invalid(path, "is neither YES nor NO", remedy: "write YES or NO (TRUE, FALSE, 1 and 0 will do, too)")
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

    /// Returns the words of a list divided by white space; none if the element is missing.
    package func words(_ path: String) -> [String] {
        (value(path) ?? "").split(whereSeparator: \.isWhitespace).map(String.init)
    }

    /// Returns the error of an attribute whose value cannot be used.
    package func invalid(_ path: String, _ cause: String, remedy: String) -> DriverError {
        DriverError(
            "use", path, cause: "its value \(quoted(oneLine(shown(value(path) ?? ""), limit: 200))) \(cause)",
            remedy: remedy)
    }

    /// Returns a value without the secrets that a URL can hold.
    private func shown(_ value: String) -> String {
        value.contains("://") ? "\(Location(value))" : value
    }

    /// Returns the place in which the reader sets the value at `path`.
    private static func remedy(for path: String) -> String {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        if path.hasPrefix("MARKETPLACE/TEMPLATE/") {
            return "set \(name) in the marketplace's template (onemarket update)"
        }
        if path.hasPrefix("DATASTORE/") {
            return "set \(name) in the datastore's template (onedatastore update)"
        }
        return "pass the message as oned writes it for this action"
    }
}
