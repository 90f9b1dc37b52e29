import Bytes

/// Header fields, found by their names in any case.
package struct HTTPHeaders: Sendable, Sequence, ExpressibleByDictionaryLiteral {
    package private(set) var fields: [(name: String, value: String)]

    package init(_ fields: [(name: String, value: String)] = []) {
        self.fields = fields
    }

    package init(dictionaryLiteral fields: (String, String)...) {
        self.fields = fields.map { ($0.0, $0.1) }
    }

    /// The value of the last field of that name, or nil if there is none.
    package subscript(_ name: String) -> String? {
        fields.last { $0.name.utf8.elementsEqual(name.utf8) { lowercased($0) == lowercased($1) } }?.value
    }

    package var isEmpty: Bool { fields.isEmpty }

    package func makeIterator() -> IndexingIterator<[(name: String, value: String)]> { fields.makeIterator() }

    /// Adds a field.
    package mutating func append(_ name: String, _ value: String) {
        fields.append((name, value))
    }

    package static func + (left: HTTPHeaders, right: HTTPHeaders) -> HTTPHeaders {
        HTTPHeaders(left.fields + right.fields)
    }
}
