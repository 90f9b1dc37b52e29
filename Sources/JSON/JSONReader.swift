/// Reads JSON piece by piece, so that a large document need never be in memory as values: RFC 8259, strictly, but for a
/// byte order mark, which is passed over. Bytes that are no UTF-8 are read as U+FFFD.
///
/// The reader stands before a value; ``value()``, ``skip()``, ``members(_:)`` and ``elements(_:)`` each read one and
/// leave it behind that.
public struct JSONReader {
    /// How deep arrays and objects may lie in one another where they are read as values.
    public static let maximumDepth = 64

    let base: UnsafePointer<UInt8>
    let end: Int
    /// How many bytes have been read.
    public internal(set) var offset = 0

    /// A reader of `bytes`, which must stay where they are as long as it is used.
    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        // An empty buffer may have no address; nothing is ever read through this one.
        base = bytes.baseAddress ?? UnsafePointer(bitPattern: 1)!
        end = bytes.count
        if bytes.count >= 3, base[0] == 0xEF, base[1] == 0xBB, base[2] == 0xBF { offset = 3 }
    }

    /// Hands a reader of the whole document to `body`, which reads its one value; nothing may follow that.
    public static func read<Result>(
        _ bytes: UnsafeBufferPointer<UInt8>, _ body: (inout JSONReader) throws -> Result
    ) throws -> Result {
        var reader = JSONReader(bytes)
        let result = try body(&reader)
        try reader.finish()
        return result
    }

    /// The value of a whole document.
    public static func parse(_ bytes: UnsafeBufferPointer<UInt8>) throws(JSONError) -> JSONValue {
        var reader = JSONReader(bytes)
        let value = try reader.value()
        try reader.finish()
        return value
    }

    /// The value of a whole document.
    public static func parse(_ text: String) throws(JSONError) -> JSONValue {
        var text = text
        return try text.withUTF8 { bytes in Result { () throws(JSONError) in try parse(bytes) } }.get()
    }

    private mutating func finish() throws(JSONError) {
        skipSpace()
        guard offset == end else { throw failure("the document goes on after its end") }
    }

    // MARK: Containers, piece by piece

    /// Reads an object: `body` is called for each member with a reader that stands before the member's value, and has
    /// to read that. False, and nothing read, where the value is no object.
    public mutating func members(_ body: (String, inout JSONReader) throws -> Void) throws -> Bool {
        guard consume(UInt8(ascii: "{")) else { return false }
        if consume(UInt8(ascii: "}")) { return true }
        repeat {
            try body(try key(), &self)
        } while consume(UInt8(ascii: ","))
        try expect(UInt8(ascii: "}"), "a comma or the end of an object")
        return true
    }

    /// Reads an array: `body` is called before each element, which it has to read. False, and nothing read, where the
    /// value is no array.
    public mutating func elements(_ body: (inout JSONReader) throws -> Void) throws -> Bool {
        guard consume(UInt8(ascii: "[")) else { return false }
        if consume(UInt8(ascii: "]")) { return true }
        repeat {
            try body(&self)
        } while consume(UInt8(ascii: ","))
        try expect(UInt8(ascii: "]"), "a comma or the end of an array")
        return true
    }

    /// An object's key, and the colon behind it.
    mutating func key() throws(JSONError) -> String {
        guard consume(UInt8(ascii: "\"")) else { throw failure("a member's name was expected") }
        let name = try string()
        try expect(UInt8(ascii: ":"), "a colon")
        return name
    }

    // MARK: Whole values

    /// Reads a value with all that is in it.
    public mutating func value() throws(JSONError) -> JSONValue {
        try value(depth: 0)
    }

    /// Reads a value; where that lies too deep for ``value()``, passes over it and answers nil.
    ///
    /// - Parameter members: the members to keep where the value is an object, others being passed over; nil keeps all.
    public mutating func valueOrSkip(members: Set<String>? = nil) throws(JSONError) -> JSONValue? {
        let start = offset
        do {
            guard let members, consume(UInt8(ascii: "{")) else { return try value(depth: 0) }
            return .object(try object(depth: 1, members: members))
        } catch {
            guard error.kind == .depth else { throw error }
            offset = start
            try skip()
            return nil
        }
    }

    private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
        skipSpace()
        guard offset < end else { throw failure("the document ends too early") }
        switch base[offset] {
        case UInt8(ascii: "\""):
            offset += 1
            return .string(try string())
        case UInt8(ascii: "{"):
            offset += 1
            return .object(try object(depth: depth + 1))
        case UInt8(ascii: "["):
            offset += 1
            return .array(try array(depth: depth + 1))
        case UInt8(ascii: "t"):
            try literal("true")
            return .bool(true)
        case UInt8(ascii: "f"):
            try literal("false")
            return .bool(false)
        case UInt8(ascii: "n"):
            try literal("null")
            return .null
        default:
            let start = offset
            try skipNumber()
            return .number(
                String(decoding: UnsafeBufferPointer(start: base + start, count: offset - start), as: UTF8.self))
        }
    }

    private mutating func object(depth: Int, members: Set<String>? = nil) throws(JSONError) -> JSONObject {
        try check(depth)
        var object = JSONObject()
        if consume(UInt8(ascii: "}")) { return object }
        repeat {
            let name = try key()
            if let members, !members.contains(name) {
                try skip()
                continue
            }
            object.members.append(JSONObject.Member(name: name, value: try value(depth: depth)))
        } while consume(UInt8(ascii: ","))
        try expect(UInt8(ascii: "}"), "a comma or the end of an object")
        return object
    }

    private mutating func array(depth: Int) throws(JSONError) -> [JSONValue] {
        try check(depth)
        var elements: [JSONValue] = []
        if consume(UInt8(ascii: "]")) { return elements }
        repeat {
            elements.append(try value(depth: depth))
        } while consume(UInt8(ascii: ","))
        try expect(UInt8(ascii: "]"), "a comma or the end of an array")
        return elements
    }

    private func check(_ depth: Int) throws(JSONError) {
        guard depth <= Self.maximumDepth else {
            throw JSONError(
                kind: .depth, reason: "arrays and objects lie more than \(Self.maximumDepth) deep", offset: offset)
        }
    }

    // MARK: Passing over values

    /// Reads a value and forgets it, however deep it is.
    public mutating func skip() throws(JSONError) {
        var isObject: [Bool] = []
        while true {
            skipSpace()
            guard offset < end else { throw failure("the document ends too early") }
            if consume(UInt8(ascii: "{")) {
                if !consume(UInt8(ascii: "}")) {
                    isObject.append(true)
                    try skipKey()
                    continue
                }
            } else if consume(UInt8(ascii: "[")) {
                if !consume(UInt8(ascii: "]")) {
                    isObject.append(false)
                    continue
                }
            } else {
                try skipScalar()
            }
            try skipEnds(&isObject)
            if isObject.isEmpty { return }
        }
    }

    /// Behind a value: leaves the containers that end here, and goes to the next value of the one that doesn't.
    private mutating func skipEnds(_ isObject: inout [Bool]) throws(JSONError) {
        while let last = isObject.last {
            if consume(UInt8(ascii: ",")) {
                if last { try skipKey() }
                return
            }
            if last {
                try expect(UInt8(ascii: "}"), "a comma or the end of an object")
            } else {
                try expect(UInt8(ascii: "]"), "a comma or the end of an array")
            }
            isObject.removeLast()
        }
    }

    private mutating func skipKey() throws(JSONError) {
        guard consume(UInt8(ascii: "\"")) else { throw failure("a member's name was expected") }
        try skipString()
        try expect(UInt8(ascii: ":"), "a colon")
    }

    private mutating func skipScalar() throws(JSONError) {
        switch base[offset] {
        case UInt8(ascii: "\""):
            offset += 1
            try skipString()
        case UInt8(ascii: "t"): try literal("true")
        case UInt8(ascii: "f"): try literal("false")
        case UInt8(ascii: "n"): try literal("null")
        default: try skipNumber()
        }
    }
}
