import Foundation
import Glibc
import TestSupport
import Testing

/// A journal that cannot be used, or says what it should not.
@Suite struct ImportJournalFaultTests {
    private let market: LocalMarket
    private let image: String

    init() throws {
        market = try LocalMarket()
        image = try market.writeImage()
    }

    /// A dead import's entry with this text.
    private func plant(_ text: String, app: Int = 7) throws -> String {
        let name = "0.100.\(app).1795310543.0123456789abcdef.import"
        try market.directory.write("var/market-drivers/imports/" + name, text.utf8)
        return name
    }

    @Test(arguments: [
        "NAME=\"../outside\"\nATTEMPT=\"\"\n", "NAME=\"app\"\nATTEMPT=\"\"\n", "NAME=\"*\"\n",
        "NAME=\"0123456789abcdef0123456789abcde/\"\n", "NAME=\"ABCDEF0123456789ABCDEF0123456789\"\n",
    ])
    func nothingButImagesIsRemoved(text: String) throws {
        try market.directory.write("outside", [1])
        for name in ["app", "ABCDEF0123456789ABCDEF0123456789"] { try market.directory.write("public/" + name, [1]) }
        _ = try plant(text)
        let before = try market.published()
        #expect(try market.perform("monitor", market.message(image, app: 1)).status == .exited(0))
        #expect(try market.published() == before && market.directory.names().contains("outside"))
        #expect(try market.journal() == [])
    }

    @Test(arguments: ["", "garbage", "\u{0}\u{1}\u{2}"])
    func whatIsNoEntryIsNamedAndLeft(text: String) throws {
        let name = try plant(text)
        let outcome = try market.perform("monitor", market.message(image, app: 1))
        #expect(outcome.status == .exited(0) && outcome.errors.contains(name) && outcome.errors.contains("WARN: "))
        #expect(try market.journal() == [name])
    }

    /// Another marketplace's entries are none of this one's business.
    @Test func theEntriesOfAnotherMarketplaceAreLeftAlone() throws {
        let name = "0.1.7.1795310543.0123456789abcdef.import"
        let file = "0123456789abcdef0123456789abcdef"
        try market.directory.write("public/" + file, [1])
        try market.directory.write("var/market-drivers/imports/" + name, "NAME=\"\(file)\"\n".utf8)
        #expect(try market.perform("monitor", market.message(image, app: 1)).status == .exited(0))
        #expect(try market.deleteApp(7).status == .exited(0))
        #expect(try market.published() == [file] && market.journal("import") == [name])
    }

    enum Unusable: CaseIterable {
        case missing, file, link, sharedByAll, notAllowed
    }

    @Test(arguments: Unusable.allCases) func anImportGoesOnWithoutAJournal(unusable: Unusable) throws {
        let path = market.journalPath
        try FileManager.default.removeItem(atPath: path)
        var wrapper: [String] = []
        switch unusable {
        case .missing: try FileManager.default.removeItem(atPath: market.directory.path("var"))
        case .file: try market.directory.write("var/market-drivers/imports", [])
        case .link:
            let elsewhere = try market.directory.makeDirectory("elsewhere")
            try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: elsewhere)
        case .sharedByAll:
            _ = try market.directory.makeDirectory("var/market-drivers/imports")
            chmod(path, 0o777)
        case .notAllowed:
            wrapper = LocalMarket.unprivileged
            chmod(market.publicDirectory, 0o777)
            if wrapper.isEmpty { chmod(market.directory.path("var/market-drivers"), 0o500) }
        }
        let outcome = try market.act(
            "market-http-import", input: market.message(image, app: 7).base64, through: wrapper)
        let source = try reply(of: outcome)["SOURCE"]
        #expect(outcome.errors.contains("WARN: ") && outcome.errors.contains("Cannot write '\(path)'"))
        #expect(outcome.errors.contains("if this import is killed"))
        if unusable == .sharedByAll { #expect(outcome.errors.contains("others can write to it, too")) }
        #expect(try market.deleteApp(7).status == .exited(0))
        #expect(try market.published().count == 1)
        #expect(try market.deleteApp(7, source).status == .exited(0))
        #expect(try market.published() == [])
        if unusable == .link { #expect(try market.directory.names(in: "elsewhere") == []) }
    }

    /// A disk without room: the journal's directory lies on one of its own.
    @Test func aFullDiskIsAWarning() throws {
        let outcome = try market.act(
            "market-http-import", input: market.message(image, app: 7).base64,
            through: [
                "unshare", "-rm", "sh", "-c",
                "mount -t tmpfs -o nr_inodes=2,mode=700 none \"$1\" && touch \"$1/x\" && shift && exec \"$@\"", "sh",
                market.journalPath,
            ])
        #expect(try reply(of: outcome)["SOURCE"] != nil)
        #expect(outcome.errors.contains("No space left on device; free some space there; if this import is killed"))
        #expect(try market.published().count == 1)
    }

    @Test func whatWasNeverFinishedGoes() throws {
        for (name, age) in [("old", 61), ("young", 30)] {
            let path = try market.directory.write("var/market-drivers/imports/.\(name).new", [])
            try TestFiles.succeed(["touch", "-d", "@\(time(nil) - age)", path])
        }
        #expect(try market.deleteApp(7, market.importApp(7, image)).status == .exited(0))
        #expect(try market.journal() == [".young.new"])
    }

    @Test func theJournalsDirectoryIsMadeForThisUserAlone() throws {
        try FileManager.default.removeItem(atPath: market.directory.path("var/market-drivers"))
        _ = try market.importApp(7, image)
        let status = try TestFiles.status(market.journalPath)
        #expect(status.isDirectory && status.mode & 0o777 == 0o700)
    }

    /// What cannot be taken back stays in the journal until it can.
    @Test func whatCannotBeTakenBackIsTriedAgain() throws {
        try market.killUnanswered(7, image)
        let moved = market.directory.path("moved")
        try FileManager.default.moveItem(atPath: market.publicDirectory, toPath: moved)
        let outcome = try market.deleteApp(7)
        #expect(outcome.status == .exited(0) && outcome.errors.contains("WARN: "))
        #expect(outcome.errors.contains("the next action of this marketplace tries again"))
        #expect(try market.journal("import").count == 1)
        try FileManager.default.moveItem(atPath: moved, toPath: market.publicDirectory)
        #expect(try market.perform("monitor", market.message(image, app: 1)).status == .exited(0))
        try market.expectNothing()
    }
}
