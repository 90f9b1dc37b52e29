import DriverProtocol
import Foundation
import TestSupport
import Testing

@Suite struct Base64Tests {
    @Test func agreesWithFoundation() {
        var random = SeededGenerator.fresh()
        for count in 0..<500 {
            let bytes = (0..<count).map { _ in UInt8(random.below(256)) }
            let text = Array(Data(bytes).base64EncodedString().utf8)
            #expect(Base64.encode(bytes) == text, "TEST_SEED=\(random.seed)")
            #expect(Base64.decode(text) == bytes, "TEST_SEED=\(random.seed)")
            #expect(Base64.decode(text.filter { $0 != UInt8(ascii: "=") }) == bytes, "TEST_SEED=\(random.seed)")
            // As sequences that are not in one piece
            #expect(Base64.encode(bytes.lazy.map { $0 }) == text && Base64.decode(text.lazy.map { $0 }) == bytes)
        }
    }

    @Test(arguments: [
        ("", ""), (" \n", ""), ("TWFu", "Man"), ("TW Fu\r\n\tTWE=\n", "ManMa"), ("T\nW\nE\n=\n", "Ma"), ("TQ==", "M"),
        ("TQ", "M"), ("TWE", "Ma"), ("+/+/", "\u{FB}"), ("T\nQ\n=\n=", "M"),
    ])
    func decodes(_ text: String, _ expected: String) throws {
        let bytes = try #require(Base64.decode(text.utf8))
        #expect(text == "+/+/" ? bytes == [0xFB, 0xFF, 0xBF] : bytes == Array(expected.utf8))
    }

    @Test(arguments: [
        // A single digit left, bits beyond the last byte, padding wrong or in between, other characters
        "T", "TWFuT", "TR==", "TWF", "TWF=", "=", "====", "TWFu=", "TQ=", "TQ===", "TQ==TQ==", "T=Q=", "TW-u", "TW_u",
        "TWF\u{0}", "TWFué", "<a/>",
    ])
    func refuses(_ text: String) {
        #expect(Base64.decode(text.utf8) == nil)
    }
}
