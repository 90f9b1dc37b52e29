import DriverProtocol
import TestSupport
import Testing

@testable import AppTransfer

@Suite struct JournalEntryTests {
    private func app(_ market: String, _ app: String) throws -> JournaledApp {
        try JournaledApp(
            Message(
                text: Array(
                    "<MARKET_DRIVER_ACTION_DATA><MARKETPLACEAPP>\(app)</MARKETPLACEAPP><MARKETPLACE>\(market)</MARKETPLACE></MARKET_DRIVER_ACTION_DATA>"
                        .utf8)))
    }

    @Test(
        "an app is named by numbers alone, whatever the message says",
        arguments: [
            ("<ID>100</ID><ZONE_ID>0</ZONE_ID>", "<ID>7</ID><REGTIME>1795310543</REGTIME>", "0.100.7.1795310543"),
            ("", "", "-.-.-.-"),
            ("<ID>../x</ID><ZONE_ID>1e3</ZONE_ID>", "<ID>-1</ID><REGTIME>18446744073709551616</REGTIME>", "-.-.-.-"),
            ("<ID>1.2</ID><ZONE_ID>0</ZONE_ID>", "<ID>18446744073709551615</ID>", "0.-.18446744073709551615.-"),
        ])
    func names(market: String, app: String, expected: String) throws {
        let name = JournalName(try self.app(market, app), .importing)
        #expect(name.text.hasPrefix(expected + ".") && name.text.hasSuffix(".import"))
        #expect(JournalName(name.text) == name)
    }

    @Test(
        "other names are none of the journal's",
        arguments: [
            "", ".", "..", "x", "0.100.7.1.abc", "0.100.7.1.abc.import.bak", "0.100.7.1.abc.unknown",
            "0.100.7..abc.import",
            ".abc.new", "0.100.7.1.a/b.import",
        ])
    func otherNames(text: String) {
        #expect(JournalName(text) == nil)
    }

    @Test(arguments: [
        Publication(name: "0123456789abcdef0123456789abcdef"),
        Publication(name: "a b/+%~é-13", attempt: "ffff"),
    ])
    func textsComeBack(publication: Publication) {
        #expect(Publication(text: publication.text) == publication)
    }

    @Test(arguments: ["", "garbage", "NAME=\"\"\n", "ATTEMPT=\"a\"\n", "NAME=[A=\"b\"]\n", "\u{0}\u{0}"])
    func textsThatAreNone(text: String) {
        #expect(Publication(text: text) == nil)
    }

    /// A process has no locks against itself: the entry of a dead import is one that is let go.
    @Test func anEntryIsWrittenWholeAndChangesItsState() throws {
        let directory = try TemporaryDirectory()
        let name = JournalName(JournaledApp(market: "0.100", app: "7.1"), .importing)
        let publication = Publication(name: "n", attempt: "a")
        let entry = try JournalEntry(new: name, publication, in: directory.path)
        #expect(try directory.names() == [name.text])
        #expect(entry.publication() == publication)
        #expect(try entry.reserve())
        try entry.become(.answered)
        let found = try #require(try directory.names().first.flatMap { JournalName($0) })
        #expect(found.state == .answered && found.unique == name.unique)
        // The name that it was opened by is gone: somebody else has dealt with it.
        #expect(try !entry.reserve())
        #expect(JournalEntry(name, in: directory.path) == nil)
        JournalEntry(found, in: directory.path)?.forget()
        #expect(try directory.names() == [])
    }

    @Test func whatIsNoFileOfTheJournalIsNotOpened() throws {
        let directory = try TemporaryDirectory()
        let name = JournalName(JournaledApp(market: "0.100", app: "7.1"), .importing)
        try directory.write("elsewhere", Publication(name: "n").text.utf8)
        try TestFiles.succeed(["ln", "-s", directory.path("elsewhere"), directory.path(name.text)])
        #expect(JournalEntry(name, in: directory.path) == nil)
        try TestFiles.succeed(["rm", directory.path(name.text)])
        try TestFiles.makePipe(directory.path(name.text))
        #expect(JournalEntry(name, in: directory.path) == nil)
        try TestFiles.succeed(["rm", directory.path(name.text)])
        try directory.write(name.text, [UInt8](repeating: 0x20, count: 5000))
        #expect(JournalEntry(name, in: directory.path) == nil)
    }
}
