import Bytes

/// Reads JSON piece by piece, so that a large document need never be in memory as values: RFC 8259, strictly, except
/// that a byte order mark is passed over.
///
/// The reader stands before a value; ``value()``, ``skip()``, ``members(_:)`` and ``elements(_:)`` each read one and go
/// past it. Strings are unescaped in place: a document can be read only once.
package struct JSONReader {
    /// The number of levels that arrays and objects may nest in a value that is kept.
    package static let maximumDepth = 64

    let base: UnsafeMutablePointer<UInt8>
    let end: Int
    /// The number of bytes that have been read.
    package internal(set) var offset = 0
    let tape = JSONTape()

    /// A reader of `bytes`, which must be UTF-8 and must not move while it is used.
    init(_ bytes: UnsafeMutableBufferPointer<UInt8>) {
        // An empty buffer may have no address; nothing is ever read through this one.
        base = bytes.baseAddress ?? UnsafeMutablePointer(bitPattern: 1)!
        end = bytes.count
        offset = withoutByteOrderMark(bytes).startIndex
    }

    /// Calls `body` with a reader of the whole document. `body` reads its one value, and nothing may follow that. The
    /// document must be UTF-8: see ``repair(_:)``.
    package static func read<Result>(
        _ document: UnsafeMutableBufferPointer<UInt8>, _ body: (inout JSONReader) throws -> Result
    ) throws -> Result {
        var reader = JSONReader(document)
        let result = try body(&reader)
        try reader.finish()
        return result
    }

    /// The same with a copy of `document`, which may be anything.
    package static func read<Result>(
        copyOf document: some Sequence<UInt8>, _ body: (inout JSONReader) throws -> Result
    ) throws -> Result {
        var bytes = Array(document)
        repair(&bytes)
        return try bytes.withUnsafeMutableBufferPointer { try read($0, body) }
    }

    /// Makes `bytes` valid UTF-8: invalid sequences become U+FFFD.
    package static func repair(_ bytes: inout [UInt8]) {
        guard !isUTF8(bytes) else { return }
        bytes = Array(String(decoding: bytes, as: UTF8.self).utf8)
    }

    /// Reads the value of the whole document. Returns nil if it cannot be kept: see ``value()``.
    mutating func document() throws(JSONError) -> JSONValue? {
        let value = try value()
        try finish()
        return value
    }

    private mutating func finish() throws(JSONError) {
        skipSpace()
        guard offset == end else { throw failure("the document goes on after its end") }
    }

    // MARK: Containers, piece by piece

    /// Reads an object: `body` is called for each member with a reader that stands before the member's value, which it
    /// has to read. Returns false, with nothing read, if the value is no object.
    package mutating func members(_ body: (String, inout JSONReader) throws -> Void) throws -> Bool {
        guard consume(UInt8(ascii: "{")) else { return false }
        if consume(UInt8(ascii: "}")) { return true }
        repeat {
            try body(String(decoding: try key(), as: UTF8.self), &self)
        } while consume(UInt8(ascii: ","))
        try expect(UInt8(ascii: "}"), "a comma or the end of an object")
        return true
    }

    /// Reads an array: `body` is called before each element, which it has to read. Returns false, with nothing read, if
    /// the value is no array.
    package mutating func elements(_ body: (inout JSONReader) throws -> Void) throws -> Bool {
        guard consume(UInt8(ascii: "[")) else { return false }
        if consume(UInt8(ascii: "]")) { return true }
        repeat {
            try body(&self)
        } while consume(UInt8(ascii: ","))
        try expect(UInt8(ascii: "]"), "a comma or the end of an array")
        return true
    }

    /// Reads an object's key and the colon after it.
    private mutating func key() throws(JSONError) -> UnsafeMutableBufferPointer<UInt8> {
        guard consume(UInt8(ascii: "\"")) else { throw failure("a member's name was expected") }
        let name = try string()
        try expect(UInt8(ascii: ":"), "a colon")
        return name
    }

    // MARK: Whole values

    /// Reads a value with all that is in it. Returns nil if it was passed over, since arrays and objects nest deeper
    /// than ``maximumDepth`` in it, or it has more than a million values.
    ///
    /// - Parameter members: the members to keep if the value is an object; nil keeps all.
    package mutating func value(members: [StaticString]? = nil) throws(JSONError) -> JSONValue? {
        tape.removeAll()
        skipSpace()
        if offset < end, base[offset] == UInt8(ascii: "{") {
            try recordObject(depth: 1, members: members)
        } else {
            try record(depth: 1)
        }
        return tape.isPartial ? nil : JSONValue(node: tape.nodes)
    }

    private mutating func record(depth: Int) throws(JSONError) {
        skipSpace()
        guard offset < end else { throw failure("the document ends too early") }
        let start = offset
        switch base[offset] {
        case UInt8(ascii: "\""):
            offset += 1
            tape.append(.string, try string())
        case UInt8(ascii: "{"): try recordObject(depth: depth)
        case UInt8(ascii: "["): try recordArray(depth: depth)
        case UInt8(ascii: "t"), UInt8(ascii: "f"):
            try skipScalar()
            tape.append(.bool, bytes(from: start))
        case UInt8(ascii: "n"):
            try skipScalar()
            tape.append(.null, bytes(from: start))
        default:
            try skipNumber()
            tape.append(.number, bytes(from: start))
        }
    }

    private mutating func recordObject(depth: Int, members: [StaticString]? = nil) throws(JSONError) {
        guard depth <= Self.maximumDepth else { return try skipTooDeep() }
        let position = tape.count
        tape.append(.object, bytes(from: offset))
        offset += 1
        if consume(UInt8(ascii: "}")) { return }
        repeat {
            let name = try key()
            if let members, !members.contains(where: { $0.isEqual(to: name) }) {
                try skip()
                continue
            }
            tape.append(.string, name)
            try record(depth: depth + 1)
        } while consume(UInt8(ascii: ","))
        try expect(UInt8(ascii: "}"), "a comma or the end of an object")
        tape.close(position)
    }

    private mutating func recordArray(depth: Int) throws(JSONError) {
        guard depth <= Self.maximumDepth else { return try skipTooDeep() }
        let position = tape.count
        tape.append(.array, bytes(from: offset))
        offset += 1
        if consume(UInt8(ascii: "]")) { return }
        repeat {
            try record(depth: depth + 1)
        } while consume(UInt8(ascii: ","))
        try expect(UInt8(ascii: "]"), "a comma or the end of an array")
        tape.close(position)
    }

    private mutating func skipTooDeep() throws(JSONError) {
        tape.markPartial()
        try skip()
    }

    // MARK: Passing over values

    /// Reads a value and forgets it, however deep it is.
    package mutating func skip() throws(JSONError) {
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

    /// Called after a value: leaves the containers that end here, and goes to the next value of the one that doesn't.
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
