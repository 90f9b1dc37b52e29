import DriverProtocol
import TestSupport
import Testing

@testable import OneMarket

@Suite struct HandoverTests {
    private func handover(_ text: String) throws -> Handover { try Handover(output: Array(text.utf8)) }

    private func message(_ name: String) throws -> Message {
        try Message(text: try Fixture.bytes("messages/\(name).xml"))
    }

    @Test("the recorded exports are understood and complete")
    func recorded() throws {
        let names = try Fixture.messages(endingIn: ".export.answer")
        #expect(!names.isEmpty)
        for name in names {
            let handover = try Handover(output: try Fixture.bytes("messages/\(name)"))
            try handover.check()
            #expect(handover.disposeCommand == nil)
            #expect(handover["IMPORT_SOURCE"].hasPrefix("/var/lib/one"))
            #expect(handover["MD5"].utf8.count == 32)
        }
    }

    @Test("what follows the document is no part of it: the stock export of Ceph prints a quotation mark there")
    func strayEnd() throws {
        let inside = "<![CDATA[a</IMPORT_INFO>b]]>"
        let found = try handover(" <IMPORT_INFO><IMPORT_SOURCE>\(inside)</IMPORT_SOURCE></IMPORT_INFO>\"\n")
        #expect(found["IMPORT_SOURCE"] == "a</IMPORT_INFO>b")
    }

    @Test(
        "what is no import information is refused with the reason",
        arguments: [
            ("", "there is no element"), ("debug\n<IMPORT_INFO/>", "there is no element"),
            ("<IMPORT_INFO>", "the document ends inside <IMPORT_INFO>"), ("<OTHER/>", "its root is <OTHER>"),
            ("<IMPORT_INFO/>trace", "something follows"),
        ])
    func malformed(output: String, cause: String) {
        let error = #expect(throws: DriverError.self) { try handover(output) }
        #expect(error?.description.contains(cause) == true)
    }

    @Test(
        "what import cannot do without is named",
        arguments: [
            ("<IMPORT_INFO/>", "IMPORT_SOURCE, SIZE, FORMAT are missing"),
            (
                "<IMPORT_INFO><IMPORT_SOURCE>/a</IMPORT_SOURCE><SIZE>1</SIZE><FORMAT><![CDATA[]]></FORMAT></IMPORT_INFO>",
                "FORMAT is missing"
            ),
        ])
    func missing(output: String, cause: String) throws {
        let handover = try handover(output)
        let error = #expect(throws: DriverError.self) { try handover.check() }
        #expect(error?.description.contains(cause) == true)
    }

    @Test(
        "a command removes what export has left only where it says so",
        arguments: [
            ("<DISPOSE>YES</DISPOSE><DISPOSE_CMD>rm -f /tmp/x</DISPOSE_CMD>", "rm -f /tmp/x"),
            ("<DISPOSE>yes</DISPOSE><DISPOSE_CMD><![CDATA[rm /a&b]]></DISPOSE_CMD>", "rm /a&b"),
            ("<DISPOSE>NO</DISPOSE><DISPOSE_CMD>rm -f /tmp/x</DISPOSE_CMD>", nil),
            ("<DISPOSE>YES</DISPOSE><DISPOSE_CMD/>", nil), ("<DISPOSE_CMD>rm -f /tmp/x</DISPOSE_CMD>", nil),
        ])
    func dispose(elements: String, command: String?) throws {
        #expect(try handover("<IMPORT_INFO>\(elements)</IMPORT_INFO>").disposeCommand == command)
    }

    @Test("export gets the image and the datastore as they stand in the message")
    func exportMessage() throws {
        let message = try message("market-http-import-odd-text")
        let export = String(decoding: Handover.exportMessage(message), as: UTF8.self)
        #expect(export.hasPrefix("<DS_DRIVER_ACTION_DATA><IMAGE><ID>"))
        #expect(export.hasSuffix("</DATASTORE></DS_DRIVER_ACTION_DATA>"))
        let document = String(decoding: message.document, as: UTF8.self)
        let inner = export.dropFirst("<DS_DRIVER_ACTION_DATA>".count).dropLast("</DS_DRIVER_ACTION_DATA>".count)
        #expect(document.contains(inner))
        #expect(!export.contains("MARKETPLACE"))
    }

    @Test("import gets the message with what export has found at its end, whatever that holds")
    func importMessage() throws {
        let message = try message("market-http-import")
        let found = try handover(
            """
            <IMPORT_INFO><IMPORT_SOURCE><![CDATA[ssh://h:/a b&<c>]]]]><![CDATA[>]]></IMPORT_SOURCE><SIZE>4</SIZE>
            <FORMAT>raw</FORMAT><DISPOSE>YES</DISPOSE><DISPOSE_CMD>rm '/x y'</DISPOSE_CMD></IMPORT_INFO>
            """)
        let result = try Message(text: found.importMessage(message))
        let added = result.root.children.suffix(Handover.elementNames.count)
        #expect(added.map(\.name) == Handover.elementNames)
        #expect(added.map(\.text) == ["ssh://h:/a b&<c>]]>", "", "4", "raw", "YES", "rm '/x y'"])
        #expect(Array(result.root.children.dropLast(added.count)) == message.root.children)
    }
}
