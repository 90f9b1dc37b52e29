import Bytes
import Testing
import XML

@testable import S3

/// Answers of services that do not keep to XML.
@Suite struct S3DocumentTests {
    static let keys: [(written: String, key: String)] = [
        ("a", "a"), ("a\u{1}b", "a\u{1}b"), ("a&#1;b&#x1F;", "a\u{1}b\u{1F}"), ("&#xFFFF;&amp;&#x41;", "\u{FFFF}&A"),
        ("\u{FFFE}\u{0}", "\u{FFFE}\u{0}"), ("a&#9;b", "a\tb"), ("Net & Works&", "Net & Works&"),
        ("a & &lt;&#1;&nbsp;", "a & <\u{1}&nbsp;"), ("é\u{301}", "é\u{301}"),
    ]

    @Test(arguments: keys) func charactersThatXMLHasNotAreRead(written: String, key: String) throws {
        let document = try S3Document(Array("<R><Key>\(written)</Key></R>".utf8))
        #expect(haveSameBytes(document.exact(document.root.child("Key")?.text ?? ""), key))
    }

    @Test(arguments: ["", " ", "\n\n", "\u{FEFF}", "\r\n\u{FEFF}  "]) func whatStandsBeforeItIsPassedOver(lead: String)
        throws
    {
        for declaration in ["", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"] {
            #expect(try S3Document(Array((lead + declaration + "<R/>").utf8)).root.name == "R")
        }
    }

    @Test(arguments: ["", "<R>", "<R>&#1;", "{}", "<R>&#1114112;</R>", "<R>&#;</R>", "&#1;"])
    func whatIsNoDocumentIsNone(text: String) {
        #expect(throws: XMLParser.Failure.self) { _ = try S3Document(Array(text.utf8)) }
    }

    @Test func bytesThatAreNoTextDoNotKeepTheRestFromBeingRead() throws {
        let document = try S3Document(Array("<R><Key>a".utf8) + [0xFF] + Array("</Key><Size>3</Size></R>".utf8))
        #expect(document.root.child("Size")?.text == "3")
    }
}
