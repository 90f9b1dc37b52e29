import Glibc

/// A JSON value that a ``JSONReader`` has read: RFC 8259. It refers to what lies in the document, and may be used until
/// the reader reads on.
package struct JSONValue {
    package enum Kind: UInt8, Sendable {
        case null, bool, number, string, array, object
    }

    /// A value of the document; behind that of an array or object stand those of its elements, or its members' names and
    /// values by turns.
    struct Node {
        let kind: Kind
        /// How many nodes the value has, with those of all that is in it.
        var count: Int32
        /// What a string says, and a number or a literal as it is written.
        let text: UnsafeMutableBufferPointer<UInt8>
    }

    let node: UnsafeMutablePointer<Node>

    package var kind: Kind { node.pointee.kind }

    /// The last member of that name, where this is an object that has one: what other readers answer for a name that is
    /// repeated.
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

    /// What a string, a number or a boolean says, in UTF-8; nil for the other kinds.
    package var utf8: UnsafeBufferPointer<UInt8>? {
        switch kind {
        case .string, .number, .bool: UnsafeBufferPointer(node.pointee.text)
        case .null, .array, .object: nil
        }
    }

    /// What a string, a number or a boolean says, as text; nil for the other kinds.
    package var scalar: String? { utf8.map { String(decoding: $0, as: UTF8.self) } }

    /// The text, where this is a string.
    package var text: String? { kind == .string ? scalar : nil }

    /// The elements, where this is an array; else none.
    package var elements: Elements { Elements(in: node, if: .array) }

    /// The members, where this is an object, in the order of the document; else none.
    package var members: Members { Members(rest: Elements(in: node, if: .object)) }

    /// Calls `body` with the value of the document that this string holds, or with nil where it is no JSON. The string
    /// is used up: it is unescaped where it stands.
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

/// Why a text is not JSON, and where.
package struct JSONError: Error, Equatable, CustomStringConvertible {
    package let reason: String
    /// In bytes from the beginning.
    package let offset: Int

    package var description: String { "\(reason) at byte \(offset)" }
}
