import Bytes

/// Reads the XML of a driver message: elements, attributes, text, CDATA, the five entities and character references, in
/// UTF-8. Refuses what no message has but an attacker would send: a document type definition, nesting over
/// ``maximumDepth``, a document over ``maximumSize``.
package struct XMLParser {
    /// The largest document that is read, in bytes.
    package static let maximumSize = 16 << 20
    /// The number of levels that elements may nest.
    package static let maximumDepth = 64

    /// The reason why a document was refused, and its place.
    package struct Failure: Error, Equatable, CustomStringConvertible {
        package let reason: String
        /// The offset from the document's beginning, in bytes.
        package let offset: Int

        package var description: String { "\(reason), at byte \(offset)" }
    }

    /// Returns the root element of `document`. Throws a ``Failure`` if it is not well-formed XML of the kind read here.
    package static func parse(_ document: [UInt8]) throws(Failure) -> XMLElement {
        guard document.count <= maximumSize else {
            throw Failure(reason: "the document is larger than \(maximumSize >> 20) MiB", offset: maximumSize)
        }
        if let offset = XMLCharacters.firstInvalidByte(of: document) {
            throw Failure(reason: "a character is not UTF-8 or not allowed in XML", offset: offset)
        }
        var parser = XMLParser(scanner: XMLScanner(bytes: document))
        return try parser.parseDocument()
    }

    private var scanner: XMLScanner
    private var depth = 0

    private init(scanner: XMLScanner) {
        self.scanner = scanner
    }

    private mutating func parseDocument() throws(Failure) -> XMLElement {
        scanner.skip(byteOrderMark)
        try scanner.skipDeclaration()
        try skipMiscellany()
        guard scanner.peek == UInt8(ascii: "<") else { throw scanner.failure("there is no element") }
        let root = try parseElement()
        try skipMiscellany()
        guard scanner.isAtEnd else { throw scanner.failure("something follows the document's end") }
        return root
    }

    /// Passes over white space, comments and processing instructions around the root element.
    private mutating func skipMiscellany() throws(Failure) {
        while true {
            scanner.skipWhiteSpace()
            if scanner.skip("<!--") {
                try scanner.skipComment()
            } else if scanner.skip("<?") {
                try scanner.skipInstruction()
            } else if scanner.skip("<!DOCTYPE") {
                throw scanner.failure("a document type definition is not accepted")
            } else {
                return
            }
        }
    }

    private mutating func parseElement() throws(Failure) -> XMLElement {
        let start = scanner.offset
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maximumDepth else {
            throw scanner.failure("elements nest deeper than \(Self.maximumDepth)")
        }
        guard scanner.skip("<") else { throw scanner.failure("a tag was expected") }
        let name = try scanner.name()
        let attributes = try parseAttributes()
        if scanner.skip("/>") {
            return XMLElement(name: scanner.text(name), attributes: attributes, range: start..<scanner.offset)
        }
        guard scanner.skip(">") else { throw scanner.failure("the tag <\(scanner.text(name)) is not closed") }
        let nodes = try parseContent(of: name)
        return XMLElement(
            name: scanner.text(name), attributes: attributes, nodes: nodes, range: start..<scanner.offset)
    }

    private mutating func parseAttributes() throws(Failure) -> [XMLElement.Attribute] {
        var attributes: [XMLElement.Attribute] = []
        var names: Set<ArraySlice<UInt8>> = []
        while true {
            let separated = scanner.skipWhiteSpace()
            guard let next = scanner.peek, next != UInt8(ascii: ">"), next != UInt8(ascii: "/") else {
                return attributes
            }
            guard separated else { throw scanner.failure("white space is missing before an attribute") }
            let name = try scanner.name()
            scanner.skipWhiteSpace()
            guard scanner.skip("=") else { throw scanner.failure("attribute \(scanner.text(name)) has no value") }
            scanner.skipWhiteSpace()
            let value = try scanner.attributeValue()
            guard names.insert(scanner.bytes[name]).inserted else {
                throw scanner.failure("attribute \(scanner.text(name)) is given twice")
            }
            attributes.append(XMLElement.Attribute(name: scanner.text(name), value: value))
        }
    }

    /// Reads up to the end tag of `name`, and that too. Returns the nodes before it.
    private mutating func parseContent(of name: Range<Int>) throws(Failure) -> [XMLElement.Node] {
        var nodes: [XMLElement.Node] = []
        var text: [UInt8] = []
        func finishText() {
            guard !text.isEmpty else { return }
            nodes.append(.text(String(decoding: text, as: UTF8.self)))
            text.removeAll(keepingCapacity: true)
        }
        while true {
            try scanner.text(into: &text)
            if scanner.skip("</") {
                let end = try scanner.name()
                scanner.skipWhiteSpace()
                guard scanner.bytes[end] == scanner.bytes[name], scanner.skip(">") else {
                    throw scanner.failure("</\(scanner.text(end))> was found, and </\(scanner.text(name))> is expected")
                }
                finishText()
                return nodes
            } else if scanner.skip("<![CDATA[") {
                try scanner.characterData(into: &text)
            } else if scanner.skip("<!--") {
                try scanner.skipComment()
            } else if scanner.skip("<?") {
                try scanner.skipInstruction()
            } else if scanner.isAtEnd {
                throw scanner.failure("the document ends inside <\(scanner.text(name))>")
            } else {
                finishText()
                nodes.append(.element(try parseElement()))
            }
        }
    }
}
