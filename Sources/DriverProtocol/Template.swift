import Bytes
import XML

/// OpenNebula's template syntax: `NAME="value"` a line, `NAME=[KEY="value",…]` for a vector. A name may repeat.
///
/// oned's grammar of a quoted value limits what can be written: `\"` is its only escape, every other backslash stands
/// for itself, and `]]>` is an error anywhere.
package struct Template: Equatable, Sendable {
    package enum Value: Equatable, Sendable {
        case text(String)
        case vector([(name: String, value: String)])

        package static func == (left: Value, right: Value) -> Bool {
            switch (left, right) {
            case (.text(let left), .text(let right)): left == right
            case (.vector(let left), .vector(let right)): left.elementsEqual(right) { $0 == $1 }
            default: false
            }
        }
    }

    package struct Attribute: Equatable, Sendable {
        package let name: String
        package let value: Value
    }

    package private(set) var attributes: [Attribute] = []

    package init() {}

    /// The first plain value of that name, in any case, or nil if there is none.
    package subscript(name: String) -> String? {
        let name = name.uppercased()
        for attribute in attributes where attribute.name == name {
            if case .text(let text) = attribute.value { return text }
        }
        return nil
    }

    package mutating func append(_ name: String, _ text: String) {
        attributes.append(Attribute(name: Self.capitals(name), value: .text(text)))
    }

    package mutating func append(_ name: String, vector: [(name: String, value: String)]) {
        let pairs = vector.map { (name: Self.capitals($0.name), value: $0.value) }
        attributes.append(Attribute(name: Self.capitals(name), value: .vector(pairs)))
    }

    /// Returns `name` in capitals. Most names are written so already.
    private static func capitals(_ name: String) -> String {
        name.utf8.contains { $0 >= UInt8(ascii: "a") } ? name.uppercased() : name
    }

    // MARK: Writing

    /// The template in the syntax that oned reads, a line for each attribute.
    package var text: String {
        var writer = TemplateWriter()
        for attribute in attributes { writer.append(attribute) }
        return writer.text
    }

    /// Returns the nearest value to `value` that can be written: without C1 controls and characters that XML refuses,
    /// `]]>` broken up, and a space after a backslash that would swallow the closing quotation mark.
    package static func representable(_ value: String) -> String {
        var writer = TemplateWriter()
        writer.append(representable: value)
        return writer.text
    }

    // MARK: Reading

    /// The reason why a text is no template, and its line.
    package struct SyntaxError: Error, Equatable, CustomStringConvertible {
        package let reason: String
        package let line: Int

        package var description: String { "\(reason), in line \(line)" }
    }

    /// Reads a template as oned would: quoted and unquoted values, comments, blanks around `=`, names in any case; or
    /// the XML form `<TEMPLATE>…</TEMPLATE>`.
    package init(parsing text: String) throws(SyntaxError) {
        if text.utf8.first(where: { !isWhiteSpace($0) }) == UInt8(ascii: "<") {
            try self.init(document: Array(text.utf8))
        } else {
            var parser = TemplateParser(text)
            self = try parser.parse()
        }
    }

    private init(document: [UInt8]) throws(SyntaxError) {
        do {
            for element in try XMLParser.parse(Array(document.drop(while: isWhiteSpace))).children {
                if element.children.isEmpty {
                    append(element.name, element.text)
                } else {
                    append(element.name, vector: element.children.map { ($0.name, $0.text) })
                }
            }
        } catch {
            throw SyntaxError(reason: "\(error)", line: 1)
        }
    }
}
