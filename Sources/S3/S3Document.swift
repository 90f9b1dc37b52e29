import Bytes
import XML

/// The XML of a service's response.
///
/// What services print and XML has not is taken: white space before the declaration, and what objects' names may hold
/// if `encoding-type=url` is not known: control characters, and an ampersand that stands for itself.
struct S3Document: Sendable {
    let root: XMLElement
    /// Whether ``exact(_:)`` has something to undo.
    private let hasStandIns: Bool

    init(_ body: [UInt8]) throws(XMLParser.Failure) {
        let document = Array(withoutLead(body))
        do {
            root = try XMLParser.parse(document)
            hasStandIns = false
        } catch {
            let repaired = Self.withStandIns(String(decoding: document, as: UTF8.self))
            guard repaired != document else { throw error }
            root = try XMLParser.parse(repaired)
            hasStandIns = true
        }
    }

    /// Returns a text of the document as the service meant it.
    func exact(_ text: String) -> String {
        guard hasStandIns else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.map { Self.meant(by: $0) ?? $0 }))
    }

    // MARK: Characters that XML does not allow

    /// Of the characters for private use.
    private static let standIns: UInt32 = 0xF700

    private static func standIn(for scalar: UInt32) -> Unicode.Scalar? {
        switch scalar {
        case 0x9, 0xA, 0xD: nil
        case 0..<0x20, 0xFFFE, 0xFFFF: Unicode.Scalar(standIns | scalar & 0xFF)
        default: nil
        }
    }

    private static func meant(by standIn: Unicode.Scalar) -> Unicode.Scalar? {
        switch standIn.value {
        case standIns..<standIns + 0x20: Unicode.Scalar(standIn.value & 0xFF)
        case standIns + 0xFE, standIns + 0xFF: Unicode.Scalar(0xFF00 | standIn.value & 0xFF)
        default: nil
        }
    }

    /// Returns the document with other characters in place of those, which may also be written as references.
    private static func withStandIns(_ text: String) -> [UInt8] {
        var repaired = String.UnicodeScalarView()
        var rest = text.unicodeScalars[...]
        while let scalar = rest.first {
            if scalar == "&", let (value, length) = reference(rest), let standIn = standIn(for: value) {
                repaired.append(standIn)
                rest = rest.dropFirst(length)
            } else if scalar == "&", !isReference(rest) {
                repaired.append(contentsOf: "&amp;".unicodeScalars)
                rest = rest.dropFirst()
            } else {
                repaired.append(standIn(for: scalar.value) ?? scalar)
                rest = rest.dropFirst()
            }
        }
        return Array(String(repaired).utf8)
    }

    /// Returns the character reference that `text` begins with, and its length, or nil if it begins with none.
    private static func reference(_ text: Substring.UnicodeScalarView) -> (value: UInt32, length: Int)? {
        let candidate = text.prefix(10)
        guard candidate.starts(with: "&#".unicodeScalars), let end = candidate.firstIndex(of: ";") else { return nil }
        let digits = String(candidate[..<end].dropFirst(2))
        let value = digits.hasPrefix("x") ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
        return value.map { ($0, candidate[...end].count) }
    }

    private static func isReference(_ text: Substring.UnicodeScalarView) -> Bool {
        ["&#", "&amp;", "&lt;", "&gt;", "&quot;", "&apos;"].contains { text.starts(with: $0.unicodeScalars) }
    }
}
