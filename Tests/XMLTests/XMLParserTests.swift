import TestSupport
import Testing
import XML

@Suite struct XMLParserTests {
    private func parse(_ text: String) throws -> XMLElement { try XMLParser.parse(Array(text.utf8)) }

    @Test(arguments: [
        // Text, references, sections
        ("<a>x</a>", "x"), ("<a/>", ""), ("<a></a>", ""), ("<a> &lt;&gt;&amp;&quot;&apos; </a>", " <>&\"' "),
        ("<a>&#65;&#x42;&#x1F600;&#0000233;</a>", "AB😀é"),
        ("<a><![CDATA[<b>&amp;]]]]><![CDATA[>]]></a>", "<b>&amp;]]>"),
        ("<a>1<!-- 2 -->3<?go 4?>5<b>6</b>7</a>", "1357"), ("<a>\r\n\r&#13;</a>", "\n\n\r"),
        ("<a>你好€𐐀\u{10FFFF}</a>", "你好€𐐀\u{10FFFF}"),
        ("\u{FEFF}<?xml version='1.0'?>\n<!--c--><?p?><a\n>x</a >\n<!--c-->", "x"),
    ])
    func answersText(_ document: String, _ text: String) throws {
        #expect(try parse(document).text.utf8.elementsEqual(text.utf8))
    }

    @Test(arguments: ["", "plain", "<&>\"'", "&amp;", "é 你 😀", "a=\"b\" <c/>"])
    func escapedTextIsReadAsItWas(_ text: String) throws {
        let root = try parse("<a k=\"\(XMLText.escaped(text))\">\(XMLText.escaped(text))</a>")
        #expect(root.text == text && root.attributes.first?.value == text)
        #expect(String(decoding: XMLText.escaped(Array(text.utf8)), as: UTF8.self) == XMLText.escaped(text))
    }

    @Test func answersTheTree() throws {
        let root = try parse("<r k=\"1 &quot;\" l='\n\t&#10;&lt;'><a>x</a>t<b><c/></b><a>y</a></r>")
        #expect(root.attributes.map(\.name) == ["k", "l"])
        #expect(root.attributes.map(\.value) == ["1 \"", "  \n<"])
        #expect(root.children.map(\.name) == ["a", "b", "a"])
        #expect(root.child("a")?.text == "x")
        #expect(root.element(at: "b/c")?.nodes == [])
        #expect(root.element(at: "b/c/d") == nil)
        #expect(root.nodes[1] == .text("t"))
    }

    @Test(arguments: [
        ("", "no element"), ("text", "no element"), ("<!DOCTYPE a><a/>", "document type"),
        ("<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", "document type"), ("<a>&x;</a>", "an entity"),
        ("<a><b></a></b>", "</a> was found, and </b> is expected"), ("<a>", "ends inside <a>"),
        ("<a/>x", "follows the document's end"),
        ("<a/><b/>", "follows the document's end"), ("<a b='1' b='2'/>", "given twice"), ("<a b=1/>", "quoted value"),
        ("<a b/>", "has no value"), ("<a b='<'/>", "< is not allowed"), ("<a>]]></a>", "]]> is not allowed"),
        ("<a><![CDATA[x</a>", "CDATA section is not closed"), ("<a><!-- -- --></a>", "-- is not allowed"),
        ("<a>&#0;</a>", "character reference"), ("<a>&#xD800;</a>", "character reference"),
        ("<a>\u{1}</a>", "not UTF-8 or not allowed"), ("<a>\u{FFFF}</a>", "not UTF-8 or not allowed"),
        ("<?xml version='1.0' encoding='ISO-8859-1'?><a/>", "declaration has encoding"),
        ("<?xml version='&#49;.0'?><a/>", "declaration has version"),
        (" <?xml version='1.0'?><a/>", "declaration is only allowed at the start"),
        // Two names, though Swift calls the strings equal
        ("<\u{E9}></e\u{301}>", "was found, and"),
    ])
    func refuses(_ document: String, _ reason: String) throws {
        let failure = try #require(throws: XMLParser.Failure.self) { _ = try parse(document) }
        #expect(failure.description.contains(reason))
        #expect((0...document.utf8.count).contains(failure.offset))
    }

    @Test func tellsNamesApartThatLookAlike() throws {
        #expect(try parse("<a \u{E9}='1' e\u{301}='2'/>").attributes.map(\.value) == ["1", "2"])
    }

    @Test(
        arguments: [
            // Overlong, surrogates, beyond the last character, cut, stray
            [0xC0, 0xAF], [0xE0, 0x80, 0xAF], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xC3], [0x80], [0xFF],
            [0xEF, 0xBF, 0xBE],
        ] as [[UInt8]])
    func refusesInvalidUTF8(_ bytes: [UInt8]) throws {
        let document = Array("<a>".utf8) + bytes + Array("</a>".utf8)
        let failure = try #require(throws: XMLParser.Failure.self) { _ = try XMLParser.parse(document) }
        #expect(failure.offset == 3)
    }

    @Test(arguments: [(64, true), (65, false), (100_000, false)]) func limitsDepth(_ depth: Int, _ isRead: Bool) throws
    {
        let document = String(repeating: "<a>", count: depth) + String(repeating: "</a>", count: depth)
        #expect(((try? parse(document)) != nil) == isRead)
    }

    @Test(arguments: [(0, true), (1, false)]) func limitsSize(_ excess: Int, _ isRead: Bool) throws {
        let text = [UInt8](repeating: 0x78, count: XMLParser.maximumSize - 7 + excess)
        let document = Array("<a>".utf8) + text + Array("</a>".utf8)
        #expect(((try? XMLParser.parse(document)) != nil) == isRead)
    }
}
