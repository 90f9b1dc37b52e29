import DriverProtocol
import Posix
import TestSupport
import Testing
import XML

@Suite struct ReplyTests {
    @Test(arguments: [
        "", "plain", "]]>", "]]>]]>", "]]]]>>", "a]]", ">", "]]]>", "<a>&amp;", "\r\n\r", "é 你\t\n", "]]\r>",
        "\u{EFFF}\u{FFFD}",
    ])
    func characterDataReadsBack(_ text: String) throws {
        let read = try XMLParser.parse(Array("<a>\(XMLText.characterData(text))</a>".utf8)).text
        #expect(read.utf8.elementsEqual(text.utf8))
    }

    @Test func characterDataLeavesOutWhatXMLRefuses() throws {
        #expect(XMLText.characterData("a\u{0}b\u{1B}\u{FFFE}\u{FFFF}c") == "<![CDATA[abc]]>")
        #expect(XMLText.characterData("]]\u{1}>") == "<![CDATA[]]]]><![CDATA[>]]>")
    }

    @Test func repliesAreWhatOnedReads() {
        #expect(
            text(Reply(source: "http://a/\"b\"", md5: "0f", size: 4096, format: "qcow2"))
                == "SOURCE=\"http://a/\\\"b\\\"\"\nMD5=\"0f\"\nSIZE=\"4096\"\nFORMAT=\"qcow2\"\n")
        #expect(text(Reply(usedMB: 1, freeMB: 2, totalMB: 3)) == "USED_MB=1\nFREE_MB=2\nTOTAL_MB=3\n")
        #expect(text(Reply()) == "")
    }

    private func text(_ reply: Reply) -> String { String(decoding: reply.bytes, as: UTF8.self) }

    @Test(arguments: [nil, "0f"] as [String?]) func importInfoIsADocument(_ md5: String?) throws {
        let info = ImportInfo(source: "/a/]]>&b", md5: md5, size: 12, format: "raw")
        let root = try XMLParser.parse(info.reply.bytes)
        #expect(root.name == "IMPORT_INFO")
        #expect(root.children.map(\.name) == ["IMPORT_SOURCE", "MD5", "SIZE", "FORMAT", "DISPOSE"])
        #expect(root.children.map(\.text) == ["/a/]]>&b", md5 ?? "", "12", "raw", "NO"])
    }

    @Test func logLinesHaveLevelIDActionAndObject() {
        let lines = Locked<[String]>([])
        let log = Log(action: "market/http/import", id: "12", object: ObjectName(kind: "app", id: 12, name: "a")) {
            line in
            lines.update { $0.append(line) }
        }
        log.info("half done")
        log.warning("two\nlines ]]>" + String(repeating: "x", count: 2_000))
        let written = lines.update { $0 }
        #expect(written[0] == "INFO: 12 market/http/import: app 12 \"a\": half done\n")
        #expect(written[1].hasPrefix("WARN: 12 market/http/import: app 12 \"a\": two\\nlines ]] >xxx"))
        #expect(written.allSatisfy { $0.hasSuffix("\n") && faultOfLine(String($0.dropLast())) == nil })
    }
}
