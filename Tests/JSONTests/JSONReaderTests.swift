import Foundation
import Testing

@testable import JSON

@Suite struct JSONReaderTests {
    // MARK: What is JSON

    static let documents: [(String, Tree)] = [
        // Literals, white space around them, a byte order mark before them.
        ("null", .null), ("true", .bool(true)), (" \t\r\n false \n", .bool(false)), ("\u{FEFF}null", .null),
        // Numbers, as written.
        ("0", .number("0")), ("-0", .number("-0")), ("-12.50e+3", .number("-12.50e+3")), ("1E9", .number("1E9")),
        ("123456789012345678901234567890", .number("123456789012345678901234567890")),
        // Strings.
        (#""""#, .string("")), (#""a\"\\\/\b\f\n\r\tz""#, .string("a\"\\/\u{8}\u{C}\n\r\tz")),
        (#""\u00e9\uD83D\uDE00\u0000""#, .string("é😀\u{0}")),
        ("\"é😀 and more than eight\"", .string("é😀 and more than eight")),
        // Half a surrogate pair.
        (#""\ud83d""#, .string("\u{FFFD}")), (#""\ude00x""#, .string("\u{FFFD}x")),
        (#""\ud83d\u0041""#, .string("\u{FFFD}A")), (#""\ud83dé""#, .string("\u{FFFD}é")),
        // Containers.
        ("[]", .array([])), ("[ ]", .array([])), ("{}", .object([])),
        ("[1,[2 , []],\"3\"]", .array([.number("1"), .array([.number("2"), .array([])]), .string("3")])),
    ]

    @Test(arguments: documents) func reads(_ document: String, _ value: Tree) throws {
        #expect(try tree(document) == value)
        #expect(try skipped(document))
    }

    @Test func keepsMembersInOrderAndAnswersTheLastOfAName() throws {
        try read(#"{"b":1,"a":{"x":true},"b":2,"e":{}}"#) { value in
            #expect(value.members.map { $0.name.text } == ["b", "a", "b", "e"])
            #expect(value["b"]?.scalar == "2")
            #expect(value["a"]?["x"].map(Tree.init) == .bool(true))
            #expect(value["c"] == nil && value[""] == nil)
            #expect(value["a"]?["x"]?["y"] == nil)
            #expect(value["e"]?.members.map { $0.name.text } == [])
        }
    }

    @Test func answersScalarsAsText() throws {
        try read(#"["a",1.5,true,false,null,[],{}]"#) { value in
            #expect(value.elements.map(\.scalar) == ["a", "1.5", "true", "false", nil, nil, nil])
            #expect(value.elements.map(\.text) == ["a", nil, nil, nil, nil, nil, nil])
            #expect(value.elements.first?.text == "a")
            #expect(value.members.map { $0.name.text } == [])
        }
    }

    @Test(arguments: [
        (#""{\"a\":[\"\\u00e9\\\"\"]}""#, Tree.object([Tree.Member(name: "a", value: .array([.string("é\"")]))])),
        (#""{""#, nil), (#""1 2""#, nil), (#""""#, nil), ("1", nil), (#"{"a":1}"#, nil),
    ]) func readsTheDocumentInAString(_ document: String, _ inner: Tree?) throws {
        try read(document) { value in #expect(value.document { $0.map(Tree.init) } == inner) }
    }

    @Test(
        arguments: [
            ([0x61, 0xFF, 0x62], "a\u{FFFD}b"), ([0xC3, 0x22], "\u{FFFD}\""), (Array("1234567é".utf8), "1234567é"),
            (Array("12345678你好😀x".utf8), "12345678你好😀x"), ([0xF0, 0x9F, 0x98], "\u{FFFD}"), ([], ""),
        ] as [([UInt8], String)])
    func repairsBytesThatAreNoUTF8(_ bytes: [UInt8], _ text: String) {
        var bytes = bytes
        JSONReader.repair(&bytes)
        #expect(bytes == Array(text.utf8))
    }

    // MARK: What is not

    static let broken: [(String, String)] = [
        // Cut short, at every kind of place.
        ("", "the document ends too early at byte 0"), (" ", "the document ends too early at byte 1"),
        ("[", "the document ends too early at byte 1"), ("[1", "the document ends too early at byte 2"),
        ("[1,", "the document ends too early at byte 3"), ("{", "a member's name was expected at byte 1"),
        ("{\"a", "the document ends too early at byte 3"), ("{\"a\"", "the document ends too early at byte 4"),
        ("{\"a\":", "the document ends too early at byte 5"), ("{\"a\":1", "the document ends too early at byte 6"),
        ("\"abcdefghijkl", "the document ends too early at byte 13"), ("\"\\", "the document ends too early at byte 1"),
        ("\"\\u00", "the document ends too early at byte 1"), ("tru", "a value was expected at byte 0"),
        ("-", "a value was expected at byte 1"), ("1.", "a digit was expected at byte 2"),
        ("1e+", "a digit was expected at byte 3"),
        // Goes on.
        ("1 2", "the document goes on after its end at byte 2"),
        ("{}}", "the document goes on after its end at byte 2"),
        // Signs in a wrong place.
        ("[1,]", "a value was expected at byte 3"), ("[1 2]", "a comma or the end of an array was expected at byte 3"),
        ("{\"a\":1,}", "a member's name was expected at byte 7"), ("{a:1}", "a member's name was expected at byte 1"),
        ("{\"a\" 1}", "a colon was expected at byte 5"),
        ("{\"a\":1 \"b\"}", "a comma or the end of an object was expected at byte 7"),
        ("]", "a value was expected at byte 0"),
        // Not in this grammar.
        ("01", "the document goes on after its end at byte 1"), ("+1", "a value was expected at byte 0"),
        (".5", "a value was expected at byte 0"), ("NaN", "a value was expected at byte 0"),
        ("'a'", "a value was expected at byte 0"),
        ("\"a\nb\"", "a control character is not allowed in a string at byte 2"),
        ("\"\\x\"", "a string has an unknown escape at byte 1"),
        ("\"\\u12G4\"", "four hexadecimal digits were expected at byte 1"), ("//\n1", "a value was expected at byte 0"),
    ]

    @Test(arguments: broken) func refuses(_ document: String, _ reason: String) throws {
        #expect(error { _ = try tree(document) } == reason)
        #expect(error { _ = try skipped(document) } == reason)
    }

    // MARK: Depth

    @Test func refusesValuesThatLieTooDeepAndPassesOverThem() throws {
        let limit = JSONReader.maximumDepth
        let nested = { (depth: Int) in String(repeating: "[", count: depth) + String(repeating: "]", count: depth) }
        #expect(try tree(nested(limit)) != nil)
        #expect(try tree(nested(limit + 1)) == nil)
        #expect(try values(in: "[1,\(nested(100_000)),2]") == [.number("1"), nil, .number("2")])
        #expect(
            error { _ = try skipped(String(repeating: "[", count: 1_000_000)) }
                == "the document ends too early at byte 1000000")
    }

    @Test(arguments: [
        (#"{"a":1,"b":[2,{"a":3}],"c":{"a":4,"b":5}}"#, #"{"a":1,"c":{"a":4,"b":5}}"#), ("{}", "{}"), ("[1]", "[1]"),
        ("1", "1"), (#"{"b":2}"#, "{}"), (#"{"b":2,"a":3,"":4}"#, #"{"a":3}"#),
        (#"{"\u0061":"\u0062"}"#, #"{"a":"b"}"#),
    ]) func keepsTheMembersThatAreAskedFor(_ document: String, _ kept: String) throws {
        let value = try reading(document) { reader in try reader.value(members: ["a", "c"]).map(Tree.init) }
        #expect(try value == tree(kept))
    }

    @Test func passesOverAValueThatHasTooMuchInIt() throws {
        let many = { (count: Int) in "[" + String(repeating: "0,", count: count - 2) + "0]" }
        let limit = JSONTape.maximumCount
        #expect(try values(in: "[\(many(limit + 1)),[2]]") == [nil, .array([.number("2")])])
        #expect(try values(in: "[\(many(limit))]").first != .some(nil))
    }

    // MARK: Piece by piece

    @Test func readsMembersAndElementsPieceByPiece() throws {
        let document = #"{"skip":{"x":[1,{"y":"}"}]},"list":[{"n":1},{"n":2}],"end":null}"#
        var numbers: [String] = []
        try reading(document) { reader in
            let isObject = try reader.members { name, reader in
                guard name == "list" else { return try reader.skip() }
                let isArray = try reader.elements { numbers.append(try $0.value()?["n"]?.scalar ?? "") }
                #expect(isArray)
            }
            #expect(isObject)
        }
        #expect(numbers == ["1", "2"])
    }

    @Test(arguments: ["[]", "{}", "1"]) func tellsWhatIsNoObjectAndNoArray(_ document: String) throws {
        let kinds = try reading(document) { reader in
            let isObject = try reader.members { _, _ in }
            let isArray = try !isObject && reader.elements { _ in }
            if !isObject, !isArray { try reader.skip() }
            return (isObject, isArray)
        }
        #expect(kinds == (document == "{}", document == "[]"))
    }

    // MARK: Beside Foundation's reader

    /// Random documents, written by Foundation and read by both.
    @Test func agreesWithFoundation() throws {
        var generator = Numbers(state: 1)
        for _ in 0..<3000 {
            let data = try JSONSerialization.data(withJSONObject: generator.value(depth: 4), options: .fragmentsAllowed)
            let mine = try #require(try tree(String(decoding: data, as: UTF8.self)))
            let theirs = try JSONSerialization.jsonObject(with: data, options: .fragmentsAllowed)
            #expect(plain(mine) == theirs as? NSObject)
        }
    }

    /// Documents with a byte changed, gone or too many: whatever comes of it, value() and skip() agree.
    @Test func agreesWithItselfOnBrokenDocuments() throws {
        var generator = Numbers(state: 7)
        var refused = 0
        for _ in 0..<20_000 {
            var bytes = [UInt8](
                try JSONSerialization.data(withJSONObject: generator.value(depth: 3), options: .fragmentsAllowed))
            let position = generator.below(bytes.count)
            switch generator.below(3) {
            case 0: bytes[position] = UInt8(truncatingIfNeeded: generator.next())
            case 1: bytes.removeSubrange(position...)
            default: bytes.insert(Array("{}[]\",:\\u0tfn-.e".utf8)[generator.below(16)], at: position)
            }
            let text = String(decoding: bytes, as: UTF8.self)
            let reason = error { _ = try tree(text) }
            #expect(reason == error { _ = try skipped(text) })
            if reason != nil { refused += 1 }
        }
        #expect(refused > 5000 && refused < 20_000)
    }

    // MARK: -

    private func reading<Result>(
        _ document: String, _ body: (inout JSONReader) throws -> Result
    ) throws -> Result {
        var bytes = Array(document.utf8)
        return try bytes.withUnsafeMutableBufferPointer { try JSONReader.read($0, body) }
    }

    private func read(_ document: String, _ body: (JSONValue) throws -> Void) throws {
        try reading(document) { reader in try body(#require(try reader.value())) }
    }

    /// Returns the document's value, or nil if it is not kept.
    private func tree(_ document: String) throws -> Tree? {
        try reading(document) { reader in try reader.value().map(Tree.init) }
    }

    /// Returns the elements of an array, nil for those that are not kept.
    private func values(in document: String) throws -> [Tree?] {
        var values: [Tree?] = []
        try reading(document) { reader in
            let isArray = try reader.elements { values.append(try $0.value().map(Tree.init)) }
            #expect(isArray)
        }
        return values
    }

    private func skipped(_ document: String) throws -> Bool {
        try reading(document) { reader in
            try reader.skip()
            return true
        }
    }

    private func error(_ body: () throws -> Void) -> String? {
        do {
            try body()
            return nil
        } catch {
            return "\(error)"
        }
    }

    private func plain(_ value: Tree) -> NSObject {
        switch value {
        case .null: NSNull()
        case .bool(let flag): NSNumber(value: flag)
        case .number(let text): Int(text).map(NSNumber.init(value:)) ?? NSNumber(value: Double(text)!)
        case .string(let text): NSString(string: text)
        case .array(let elements): NSArray(array: elements.map(plain))
        case .object(let members):
            NSDictionary(dictionary: Dictionary(uniqueKeysWithValues: members.map { ($0.name, plain($0.value)) }))
        }
    }
}

/// Numbers that look random, the same ones in each run.
private struct Numbers: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }

    mutating func text() -> String {
        let pieces = [
            "a", "\"", "\\", "/", "\n", "\u{1}", "é", "😀", "plain text of some length", "\u{2028}", ",", "}", "]",
        ]
        return (0..<below(6)).map { _ in pieces[below(pieces.count)] }.joined()
    }

    mutating func value(depth: Int) -> Any {
        switch below(depth > 0 ? 7 : 5) {
        case 0: return NSNull()
        case 1: return below(2) == 0
        case 2: return Int(truncatingIfNeeded: next() >> 12) - (1 << 51)
        case 3: return Double(below(1_000_000)) / 64
        case 4: return text()
        case 5: return (0..<below(5)).map { _ in value(depth: depth - 1) }
        default:
            return Dictionary((0..<below(5)).map { _ in (text(), value(depth: depth - 1)) }) { first, _ in first }
        }
    }
}
