import Bytes
import DriverProtocol

/// The names that apps get in OpenNebula: characters that oned refuses are replaced, and the market's NAME_PREFIX and
/// NAME_SUFFIX are put around.
///
/// oned finds apps by name among those of all marketplaces, so that two catalogs with one name fight over an app.
package struct AppNames: Sendable {
    /// The longest name that oned takes, in bytes.
    package static let maximumLength = 128
    private static let refused = Set("&|:\\;/'#{}$<>\"".unicodeScalars)

    private static let prefixInput = Input.optional(
        "MARKETPLACE/TEMPLATE/NAME_PREFIX", "Prefix of all app names, also of the names that templates refer to.")
    private static let suffixInput = Input.optional(
        "MARKETPLACE/TEMPLATE/NAME_SUFFIX", "Suffix of all app names, also of the names that templates refer to.")
    static let inputs = [prefixInput, suffixInput]

    let prefix: String
    let suffix: String

    /// NAME_PREFIX and NAME_SUFFIX of the marketplace's template.
    init(_ message: Message) throws(DriverError) {
        prefix = try Self.affix(message, Self.prefixInput)
        suffix = try Self.affix(message, Self.suffixInput)
    }

    private static func affix(_ message: Message, _ input: Input) throws(DriverError) -> String {
        let text = message.value(input) ?? ""
        guard text.unicodeScalars.allSatisfy({ !isRefused($0) }), text.utf8.count <= maximumLength / 2 else {
            throw message.invalid(
                input, "has characters that no name can have",
                remedy: "leave out & | : \\ ; / ' # { } $ < > and quotation marks")
        }
        return text
    }

    private static func isRefused(_ scalar: Unicode.Scalar) -> Bool {
        // Line and paragraph separators, and what XML does not allow, are as bad as control characters.
        scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value)
            || [0x2028, 0x2029, 0xFFFE, 0xFFFF].contains(scalar.value)
            || refused.contains(scalar)
    }

    /// Returns the name for an app with the name `text` in its catalog, or nil if nothing is left of it.
    package func name(for text: String) -> String? {
        if prefix.isEmpty, suffix.isEmpty, Self.isPlain(text) { return text }
        let scalars = text.unicodeScalars.map { Self.isRefused($0) ? "_" : $0 }
        let core = Self.trimmed(scalars)
        guard core.contains(where: { $0 != "_" && $0 != " " }) else { return nil }
        var name = String.UnicodeScalarView(prefix.unicodeScalars)
        name.append(contentsOf: core)
        let room = Self.maximumLength - suffix.utf8.count
        while String(name).utf8.count > room { name.removeLast() }
        name.append(contentsOf: suffix.unicodeScalars)
        return String(name)
    }

    /// A quick check: true for most names, which stay unchanged.
    private static func isPlain(_ text: String) -> Bool {
        guard let first = text.utf8.first, isAlphanumeric(first), text.utf8.last != 0x20 else { return false }
        return text.utf8.count <= maximumLength
            && text.utf8.allSatisfy { byte in
                isAlphanumeric(byte) || " .()-_".utf8.contains(byte)
            }
    }

    private static func trimmed(_ scalars: [Unicode.Scalar]) -> ArraySlice<Unicode.Scalar> {
        var rest = scalars[...]
        while rest.first == " " { rest.removeFirst() }
        while rest.last == " " { rest.removeLast() }
        return rest
    }
}
