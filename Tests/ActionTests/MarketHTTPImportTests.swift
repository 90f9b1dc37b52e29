import DriverProtocol
import Foundation
import Posix
import TestSupport
import Testing

@Suite struct MarketHTTPImportTests {
    private let market: LocalMarket

    init() throws {
        market = try LocalMarket()
    }

    enum Content: String, CaseIterable {
        case empty, oneByte, raw, zeros, qcow2
    }

    private func make(_ content: Content) throws -> String {
        let path = market.directory.path("image")
        switch content {
        case .empty: return try market.directory.write("image", [])
        case .oneByte: return try market.directory.write("image", [7])
        // Neither a multiple of a block nor of the buffer.
        case .raw: return try market.directory.write("image", TestFiles.noise(5_000_001))
        case .zeros: return try market.directory.write("image", [UInt8](repeating: 0, count: 3_000_000))
        case .qcow2:
            try market.directory.write("plain", TestFiles.noise(2_000_000))
            try TestFiles.succeed(["qemu-img", "convert", "-O", "qcow2", market.directory.path("plain"), path])
            return path
        }
    }

    @Test(arguments: Content.allCases)
    func publishesTheSameBytes(_ content: Content) throws {
        let image = try make(content)
        let outcome = try market.import(image)
        let reply = try reply(of: outcome)
        let file = try market.file(of: reply)
        #expect(try run(["cmp", image, file]).status.isSuccess)
        #expect(try reply["MD5"] == TestFiles.md5(image))
        let status = try TestFiles.status(file)
        #expect(status.isRegularFile && status.mode & 0o7777 == 0o644 && status.linkCount == 1)
        // Blocks of zeros take no room, whether the source has them or not.
        let data = try content == .zeros ? 0 : TestFiles.status(image).allocatedSize
        #expect(status.allocatedSize <= data + 64 << 10)
        #expect(try market.published().count == 1)
        // As recorded from the stock driver: the four attributes, quoted, a line each, in this order.
        let source = try #require(reply["SOURCE"])
        let md5 = try #require(reply["MD5"])
        #expect(outcome.output == "SOURCE=\"\(source)\"\nMD5=\"\(md5)\"\nSIZE=\"4\"\nFORMAT=\"raw\"\n")
        let recorded = try Fixture.text("messages/market-http-import.answer")
        #expect(shape(outcome.output) == shape(recorded))
    }

    /// Returns the text without what differs from one import to the next.
    private func shape(_ text: String) -> String {
        text.replacing(/"http:[^"]*\/[0-9a-f]{32}"/, with: "URL").replacing(/"[0-9a-f]{32}"/, with: "DIGEST")
    }

    @Test func handsSizeAndFormatOn() throws {
        let image = try make(.qcow2)
        let message = try market.importMessage(image).with(["SIZE": "18446744073709551615", "FORMAT": "qcow2"])
        let reply = try reply(of: market.act("market-http-import", message))
        #expect(reply["SIZE"] == "18446744073709551615" && reply["FORMAT"] == "qcow2")
    }

    @Test(arguments: [nil, "", "right", "RIGHT"])
    func takesAnyMD5ThatIsRightOrNone(_ given: String?) throws {
        let image = try make(.raw)
        let right = try TestFiles.md5(image)
        let md5 = given == "right" ? right : given == "RIGHT" ? right.uppercased() : given
        #expect(try reply(of: market.import(image, md5: md5))["MD5"] == right)
    }

    @Test(arguments: [
        (String(repeating: "0", count: 32), "Cannot verify the image '", " was expected; check the source"),
        ("12345", "MD5: its value '12345' is no MD5 checksum", "give 32 hexadecimal digits"),
        (String(repeating: "é", count: 16), "is no MD5 checksum", "give 32 hexadecimal digits"),
        (String(repeating: "x", count: 32), "is no MD5 checksum", "give 32 hexadecimal digits"),
    ])
    func refusesAWrongMD5(_ md5: String, _ cause: String, _ remedy: String) throws {
        expectRefusal(try market.import(make(.raw), md5: md5), [cause, remedy])
        #expect(try market.published() == [])
    }

    @Test(arguments: ["", "/", "///"])
    func joinsBaseURLWithOneSlash(_ ending: String) throws {
        let message = try market.importMessage(make(.raw)).with(
            "MARKETPLACE/TEMPLATE/BASE_URL", "https://frontend.example:8443/a%20b" + ending)
        let reply = try reply(of: market.act("market-http-import", message))
        let source = try #require(reply["SOURCE"])
        #expect(source.wholeMatch(of: /https:\/\/frontend\.example:8443\/a%20b\/[0-9a-f]{32}/) != nil)
    }

    /// The name is the import's own: by it the file is known again, should the import be killed.
    @Test func noTwoImportsTakeOneName() throws {
        let image = try make(.raw)
        let names = try (0..<3).map { _ in
            let message = try market.importMessage(image).with("MARKETPLACEAPP/ID", "42")
            return URL(filePath: try market.file(of: reply(of: market.act("market-http-import", message))))
                .lastPathComponent
        }
        #expect(Set(names).count == 3 && names.allSatisfy { $0.wholeMatch(of: /[0-9a-f]{32}/) != nil })
        #expect(try Set(market.published()) == Set(names))
    }

    enum Delivery: String, CaseIterable {
        case stdin, stdinXML, stdinWithID, argument, argumentWithID, argumentXML
    }

    @Test(arguments: Delivery.allCases)
    func takesTheMessageInEitherWay(_ delivery: Delivery) throws {
        let message = try market.importMessage(make(.raw))
        let text = String(decoding: message.base64, as: UTF8.self)
        let (arguments, input): ([String], [UInt8]) =
            switch delivery {
            case .stdin: ([], message.base64)
            case .stdinXML: ([], Array(message.xml.utf8))
            case .stdinWithID: (["31"], message.base64)
            case .argument: ([text], [])
            case .argumentWithID: ([text, "31"], [])
            case .argumentXML: ([message.xml, "31"], [])
            }
        let outcome = try market.act("market-http-import", arguments: arguments, input: input)
        _ = try market.file(of: reply(of: outcome))
        #expect(try market.published().count == 1)
    }
}
