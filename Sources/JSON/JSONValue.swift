/// A JSON value: RFC 8259.
public enum JSONValue: Equatable, Sendable {
    case null
    case bool(Bool)
    /// A number as it is written, since no type of Swift's holds all that can be.
    case number(String)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)

    /// The member of that name, where this is an object that has one.
    public subscript(name: String) -> JSONValue? {
        if case .object(let object) = self { object[name] } else { nil }
    }

    /// The text, where this is a string.
    public var text: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// The elements, where this is an array.
    public var elements: [JSONValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    /// The members, where this is an object.
    public var members: [JSONObject.Member]? {
        if case .object(let object) = self { object.members } else { nil }
    }

    /// What a string, a number or a boolean says, as text; nil for the other kinds.
    public var scalar: String? {
        switch self {
        case .string(let text), .number(let text): text
        case .bool(let flag): flag ? "true" : "false"
        case .null, .array, .object: nil
        }
    }
}

/// The members of a JSON object, in the order of the document.
public struct JSONObject: Equatable, Sendable {
    public struct Member: Equatable, Sendable {
        public let name: String
        public let value: JSONValue
    }

    public internal(set) var members: [Member] = []

    /// The last member of that name: what other readers answer for a name that is repeated.
    public subscript(name: String) -> JSONValue? {
        members.last { $0.name == name }?.value
    }
}

/// Why a text is not JSON, and where.
public struct JSONError: Error, Equatable, CustomStringConvertible {
    public enum Kind: Equatable, Sendable {
        /// The text breaks the grammar.
        case syntax
        /// Arrays and objects lie in one another more than ``JSONReader/maximumDepth`` deep.
        case depth
    }

    public let kind: Kind
    public let reason: String
    /// In bytes from the beginning.
    public let offset: Int

    public var description: String { "\(reason) at byte \(offset)" }
}
