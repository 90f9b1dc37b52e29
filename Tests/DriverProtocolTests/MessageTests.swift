import DriverProtocol
import TestSupport
import Testing

@Suite struct MessageTests {
    private static let document = """
        <MARKET_DRIVER_ACTION_DATA><MARKETPLACEAPP><ID>7</ID><SIZE>20x</SIZE></MARKETPLACEAPP><MARKETPLACE><TEMPLATE>\
        <BASE_URL>http://a/</BASE_URL><BLANK> \n </BLANK><EMPTY/><YES>yEs</YES><NO>No</NO><ODD>perhaps</ODD>\
        <HUGE>18446744073709551616</HUGE><LIMIT>18446744073709551615</LIMIT><SIGN>+5</SIGN><MINUS>-5</MINUS>\
        <WORDS> a\tbc \n d </WORDS></TEMPLATE></MARKETPLACE></MARKET_DRIVER_ACTION_DATA>
        """

    private static func wrapped(_ text: [UInt8], at width: Int, with ending: String) -> [UInt8] {
        stride(from: 0, to: text.count, by: width).flatMap {
            Array(text[$0..<min($0 + width, text.count)]) + Array(ending.utf8)
        }
    }

    static let forms: [(form: String, text: [UInt8])] = {
        let xml = Array(document.utf8)
        let encoded = Base64.encode(xml + [0x0A])
        let bom: [UInt8] = [0xEF, 0xBB, 0xBF]
        return [
            ("base64", encoded), ("base64 wrapped at 76", wrapped(encoded, at: 76, with: "\n")),
            ("base64 wrapped with CRLF", wrapped(encoded, at: 64, with: "\r\n")),
            ("base64 without padding", Array(encoded.prefix { $0 != UInt8(ascii: "=") })),
            ("base64 of a BOM and the document", Base64.encode(bom + xml)), ("XML", xml),
            ("XML behind a BOM", bom + xml),
            ("XML behind white space", Array(" \r\n\t".utf8) + xml),
            ("XML behind a BOM and white space", bom + Array("\n".utf8) + xml),
            ("XML with a declaration", Array("<?xml version='1.0' encoding='UTF-8'?>\n".utf8) + xml),
        ]
    }()

    @Test(arguments: forms) func reads(_ form: String, _ text: [UInt8]) throws {
        let message = try Message(text: text)
        #expect(message.value("MARKETPLACEAPP/ID") == "7")
        let app = try #require(message.root.child("MARKETPLACEAPP"))
        #expect(String(decoding: message.document[app.range], as: UTF8.self).hasPrefix("<MARKETPLACEAPP><ID>7"))
        #expect(String(decoding: message.document[app.range], as: UTF8.self).hasSuffix("</MARKETPLACEAPP>"))
    }

    static let refused: [(text: [UInt8], cause: String)] = {
        let xml = Array(document.utf8)
        return [
            ([], "empty"), (Array(" \n".utf8), "empty"), ([0xEF, 0xBB, 0xBF], "empty"),
            ([0x00, 0xFF, 0x80, 0x3C], "neither base64 nor XML"), (Array("héllo".utf8), "neither base64 nor XML"),
            (Array(Base64.encode(xml).prefix(101)), "neither base64 nor XML"),
            (Array(Base64.encode(xml).prefix(100)), "is expected, at byte"),
            (Base64.encode([0x00, 0xFF, 0x80]), "not UTF-8"), (Array(xml.dropLast(28)), "the document ends inside"),
            (Array("<TEMPLATE/>".utf8), "its root is <TEMPLATE>"),
            (Array("<A>\u{1}\n</A>".utf8), "not allowed"),
        ]
    }()

    @Test(
        arguments: [
            ("market/http/import", "pass a <MARKET_DRIVER_ACTION_DATA> document"),
            ("datastore/fs/cp", "pass a <DS_DRIVER_ACTION_DATA> document"),
            (nil, "pass a <MARKET_DRIVER_ACTION_DATA> or <DS_DRIVER_ACTION_DATA> document"),
        ] as [(String?, String)])
    func tellsWhichMessageTheActionTakes(_ action: String?, _ remedy: String) throws {
        let error = try #require(throws: DriverError.self) { _ = try Message(text: [], for: action) }
        #expect(error.remedy.hasPrefix(remedy))
    }

    @Test(arguments: refused) func refuses(_ text: [UInt8], _ cause: String) throws {
        let error = try #require(throws: DriverError.self) { _ = try Message(text: text) }
        #expect(error.description.hasPrefix("Cannot read the driver message: "))
        #expect(error.description.contains(cause))
        #expect(faultOfLine(error.description) == nil)
    }

    // Not in the table above: the test library describes each argument, which takes a minute for these.
    @Test(arguments: [true, false]) func refusesWhatIsTooLarge(_ isEncoded: Bool) throws {
        let document = Array("<MARKET_DRIVER_ACTION_DATA>".utf8) + [UInt8](repeating: 0x61, count: 16 << 20)
        let error = try #require(throws: DriverError.self) {
            _ = try Message(text: isEncoded ? Base64.encode(document) : document)
        }
        #expect(error.cause.contains("larger than 16 MiB"))
        #expect(faultOfLine(error.description) == nil)
    }

    private static func message() throws -> Message { try Message(text: Array(document.utf8)) }

    @Test func answersValues() throws {
        let message = try Self.message()
        #expect(try message.required("MARKETPLACE/TEMPLATE/BASE_URL") == "http://a/")
        #expect(message.value("MARKETPLACE/TEMPLATE/BLANK") == nil)
        #expect(message.value("MARKETPLACE/TEMPLATE/EMPTY") == nil)
        #expect(message.value("MARKETPLACE/NONE/AT_ALL") == nil)
        #expect(try message.number("MARKETPLACEAPP/ID") == 7)
        #expect(try message.number("MARKETPLACE/TEMPLATE/LIMIT") == .max)
        #expect(try message.number("MARKETPLACE/TEMPLATE/EMPTY") == nil)
        #expect(try message.flag("MARKETPLACE/TEMPLATE/YES", default: false))
        #expect(try !message.flag("MARKETPLACE/TEMPLATE/NO", default: true))
        #expect(try message.flag("MARKETPLACE/TEMPLATE/EMPTY", default: true))
        #expect(message.words("MARKETPLACE/TEMPLATE/WORDS") == ["a", "bc", "d"])
        #expect(message.words("MARKETPLACE/TEMPLATE/EMPTY") == [])
    }

    @Test(arguments: [
        ("MARKETPLACE/TEMPLATE/BASE_DIR", "set BASE_DIR in the marketplace's template"),
        ("DATASTORE/BASE_PATH", "set BASE_PATH in the datastore's template"), ("IMAGE/PATH", "as oned writes it"),
        ("MARKETPLACE/TEMPLATE/BLANK", "set BLANK"),
    ])
    func namesWhatIsMissing(_ path: String, _ remedy: String) throws {
        let message = try Self.message()
        let error = try #require(throws: DriverError.self) { _ = try message.required(path) }
        #expect(error.cause == "\(path) is missing or empty")
        #expect(error.description.contains(remedy))
    }

    @Test(arguments: ["SIZE", "HUGE", "SIGN", "MINUS", "ODD"]) func namesWhatIsNoNumber(_ name: String) throws {
        let path = (name == "SIZE" ? "MARKETPLACEAPP/" : "MARKETPLACE/TEMPLATE/") + name
        let message = try Self.message()
        let error = try #require(throws: DriverError.self) { _ = try message.number(path) }
        let cause = name == "HUGE" ? "is too large" : "is not a whole number"
        #expect(
            error.description.contains("Cannot use \(path): its value '\(try message.required(path))' \(cause)"))
    }

    @Test func namesWhatIsNoFlag() throws {
        let message = try Self.message()
        let path = "MARKETPLACE/TEMPLATE/ODD"
        let error = try #require(throws: DriverError.self) { _ = try message.flag(path, default: true) }
        #expect(
            error.description
                == "Cannot use \(path): its value 'perhaps' is neither YES nor NO; write YES or NO (TRUE, FALSE, 1 and 0 will do, too)"
        )
    }
}
