import Glibc

/// A JSON value that a ``JSONReader`` has read: RFC 8259. It refers to bytes of the document, and is valid until the
/// reader reads on.
package struct JSONValue {
    package enum Kind: UInt8, Sendable {
        case null, bool, number, string, array, object
    }

    /// A value of the document. The nodes of an array's elements follow its own; an object's is followed by names and
    /// values by turns.
    struct Node {
        let kind: Kind
        /// The number of nodes of the value, including those of all that is in it.
        var count: Int32
        /// The text of a string, and a number or a literal as it is written.
        let text: UnsafeMutableBufferPointer<UInt8>
    }

    let node: UnsafeMutablePointer<Node>

    package var kind: Kind { node.pointee.kind }

    /// The last member of that name, or nil if there is none or this is no object. Other readers also take the last one
    /// of a repeated name.
    package subscript(key: StaticString) -> JSONValue? {
        guard kind == .object else { return nil }
        var found: JSONValue?
        var name = node + 1
        while name < node + Int(node.pointee.count) {
            let value = JSONValue(node: name + 1)
            if key.isEqual(to: name.pointee.text) { found = value }
            name = value.node + Int(value.node.pointee.count)
        }
        return found
    }

    /// The text of a string, a number or a boolean in UTF-8, or nil for the other kinds.
    package var utf8: UnsafeBufferPointer<UInt8>? {
        switch kind {
        case .string, .number, .bool: UnsafeBufferPointer(node.pointee.text)
        case .null, .array, .object: nil
        }
    }

    /// The text of a string, a number or a boolean, or nil for the other kinds.
    package var scalar: String? { utf8.map { String(decoding: $0, as: UTF8.self) } }

    /// The text of a string, or nil for the other kinds.
    package var text: String? { kind == .string ? scalar : nil }

    /// The elements of an array; none for the other kinds.
    package var elements: Elements { Elements(in: node, if: .array) }

    /// The members of an object, in the order of the document; none for the other kinds.
    package var members: Members { Members(rest: Elements(in: node, if: .object)) }

    /// Calls `body` with the value of the document that this string holds, or with nil if that is no JSON. The string
    /// can be used only once: it is unescaped in place.
    package func document<Result, Failure: Error>(
        _ body: (JSONValue?) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        guard kind == .string else { return try body(nil) }
        var reader = JSONReader(node.pointee.text)
        let tape = reader.tape
        defer { withExtendedLifetime(tape) {} }
        return try body(try? reader.document())
    }

    /// The elements of an array.
    package struct Elements: Sequence, IteratorProtocol {
        private var current: UnsafeMutablePointer<Node>
        private let end: UnsafeMutablePointer<Node>

        fileprivate init(in node: UnsafeMutablePointer<Node>, if kind: Kind) {
            current = node + 1
            end = node.pointee.kind == kind ? node + Int(node.pointee.count) : current
        }

        package var first: JSONValue? { current < end ? JSONValue(node: current) : nil }

        package mutating func next() -> JSONValue? {
            guard current < end else { return nil }
            defer { current += Int(current.pointee.count) }
            return JSONValue(node: current)
        }
    }

    /// The members of an object.
    package struct Members: Sequence, IteratorProtocol {
        fileprivate var rest: Elements

        package mutating func next() -> (name: JSONValue, value: JSONValue)? {
            guard let name = rest.next(), let value = rest.next() else { return nil }
            return (name, value)
        }
    }
}

extension StaticString {
    @inline(__always)
    func isEqual(to text: UnsafeMutableBufferPointer<UInt8>) -> Bool {
        text.count == utf8CodeUnitCount && memcmp(text.baseAddress!, utf8Start, utf8CodeUnitCount) == 0
    }
}

/// The reason why a text is not JSON, and its place.
package struct JSONError: Error, Equatable, CustomStringConvertible {
    package let reason: String
    /// In bytes from the beginning.
    package let offset: Int

    package var description: String { "\(reason) at byte \(offset)" }
}
