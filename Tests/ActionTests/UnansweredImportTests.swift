import DriverProtocol
import Foundation
import Glibc
import TestSupport
import Testing

extension JournaledMarket {
    func writeImage(_ size: Int = 100_000) throws -> String {
        try directory.write("image", TestFiles.noise(size))
    }

    /// Runs an import of an app that publishes its image, cannot print its reply, and is then killed.
    func killUnanswered(_ app: Int, _ image: String) throws {
        let before = try images().count
        let (child, pipe) = try startUnanswered(message(image, app: app))
        #expect(try images().count == before + 1)
        child.send(SIGKILL)
        #expect(child.reap() == .signalled(SIGKILL))
        #expect(try journal("import").count == 1)
        withExtendedLifetime(pipe) {}
    }

    /// Checks that nothing is left: neither an image nor an import in the journal, but for one that another machine may
    /// still carry out.
    func expectNothing(sourceLocation: SourceLocation = #_sourceLocation) throws {
        #expect(try images() == [], sourceLocation: sourceLocation)
        #expect(try journal("import", "answered") == [], sourceLocation: sourceLocation)
        #expect(try isRemote || journal("lost") == [], sourceLocation: sourceLocation)
    }
}

/// Publications of imports that were killed before they had answered: the next action of the marketplace removes them.
@Suite(.serialized) struct UnansweredImportTests {
    enum Next: CaseIterable {
        case monitor, importOfAnother, importOfTheSame, deletion, deletionOfAnother
    }

    @Test(arguments: JournaledKind.allCases) func theNextActionRemovesIt(kind: JournaledKind) throws {
        let market = try kind.make()
        let image = try market.writeImage()
        let kept = try market.importApp(6, image)
        for next in Next.allCases {
            let another = next == .deletionOfAnother ? try market.importApp(8, image) : nil
            let before = try market.images().count
            try market.killUnanswered(7, image)
            switch next {
            case .monitor:
                let outcome = try market.perform("monitor", market.message(image, app: 1))
                #expect(outcome.status == .exited(0) && outcome.errors.contains("WARN: "))
                #expect(outcome.errors.contains("an import that has ended was not answered"))
                #expect(try market.images().count == before)
            case .importOfAnother, .importOfTheSame:
                let app = next == .importOfTheSame ? 7 : 8
                let source = try market.importApp(app, image)
                #expect(try market.images().count == before + 1)
                #expect(try market.deleteApp(app, source).status == .exited(0))
                #expect(try market.images().count == before)
            case .deletion:
                #expect(try market.deleteApp(7).status == .exited(0))
                #expect(try market.images().count == before)
            case .deletionOfAnother:
                #expect(try market.deleteApp(8, another).status == .exited(0))
                #expect(try market.images().count == before - 1)
            }
            #expect(try market.journal("import", "lost") == [], "\(next)")
        }
        #expect(try market.deleteApp(6, kept).status == .exited(0))
        try market.expectNothing()
    }

    @Test(arguments: JournaledKind.allCases) func anImportThatLivesIsLeftAlone(kind: JournaledKind) throws {
        let market = try kind.make()
        let image = try market.writeImage()
        let (child, pipe) = try market.startUnanswered(market.message(image, app: 7))
        for outcome in [
            try market.perform("monitor", market.message(image, app: 1)),
            try market.deleteApp(8),
            // Whatever has that SOURCE.
            try market.deleteApp(7, market.importApp(9, image)), try market.deleteApp(9),
        ] { #expect(outcome.status == .exited(0)) }
        #expect(try market.journal("import").count == 1)
        // Its reply goes through after all.
        var text = [UInt8](repeating: 0, count: 1 << 17)
        let count = try text.withUnsafeMutableBytes { try pipe.reading.read(into: $0) }
        #expect(count == LocalMarket.pipeCapacity)
        let answer = try text.withUnsafeMutableBytes { try pipe.reading.read(into: $0) }
        #expect(child.reap() == .exited(0))
        let source = try #require(try Template(parsing: String(decoding: text[..<answer], as: UTF8.self))["SOURCE"])
        #expect(try market.images().count == 1)
        #expect(try market.perform("monitor", market.message(image, app: 1)).status == .exited(0))
        #expect(try market.images().count == 1)
        #expect(try market.deleteApp(7, source).status == .exited(0))
        try market.expectNothing()
    }

    /// The reply may not have reached oned: its one_market was killed, or the deletion had crossed it.
    @Test(arguments: JournaledKind.allCases) func anAnsweredOneIsRemovedByItsDeletionAlone(kind: JournaledKind) throws {
        let market = try kind.make()
        let image = try market.writeImage()
        _ = try market.importApp(7, image)
        #expect(try market.journal("answered").count == 1)
        for app in [8, 70] { #expect(try market.deleteApp(app).status == .exited(0)) }
        // The same number in another life of the cloud.
        let other = try market.message(image, app: 7).with("MARKETPLACEAPP/REGTIME", "5")
        #expect(try market.perform("delete", other.with("MARKETPLACEAPP/SOURCE", nil)).status == .exited(0))
        #expect(try market.perform("monitor", market.message(image, app: 1)).status == .exited(0))
        #expect(try market.images().count == 1 && market.journal("answered").count == 1)
        #expect(try market.deleteApp(7).status == .exited(0))
        try market.expectNothing()
    }

    @Test func answeredOnesAndDeletionsAreForgotten() throws {
        let market = try LocalMarket()
        let image = try market.writeImage()
        let source = try market.importApp(7, image)
        #expect(try market.deleteApp(8).status == .exited(0))
        let monitor = try market.message(image, app: 1)
        for (days, isKept) in [(29, true), (31, false)] {
            try market.age("answered", by: days * 86_400)
            try market.age("deleted", by: days * 20)
            #expect(try market.perform("monitor", monitor).status == .exited(0))
            #expect(try market.journal().count == (isKept ? 2 : 0))
        }
        #expect(try market.images().count == 1)
        #expect(try market.deleteApp(7, source).status == .exited(0))
    }

    /// Nobody has to have a journal of thousands read at each import.
    @Test func onlySoManyAnsweredOnesAreKept() throws {
        let market = try LocalMarket()
        let image = try market.writeImage()
        for number in 0..<1500 {
            try market.directory.write(
                "var/market-drivers/imports/0.99.\(number).1.0123456789abcdef.answered", "NAME=\"x\"\n".utf8)
        }
        _ = try market.importApp(7, image)
        #expect(try market.journal("answered").count == 1001)
        #expect(try market.journal("answered").contains { $0.hasPrefix("0.100.7.") })
    }

    /// What a service carries out late, or a bridge host, is looked for again for an hour.
    @Test func whatComesLateIsRemoved() throws {
        let market = try BucketMarket(S3Server(.seaweed), bucket: "late")
        let image = try market.writeImage()
        let monitor = try market.message(image, app: 1)
        try market.killUnanswered(7, image)
        try market.server.tool("move", "late", "marketapp-7", "hidden")
        #expect(try market.perform("monitor", monitor).status == .exited(0))
        #expect(try market.journal("lost").count == 1)
        try market.server.tool("move", "late", "hidden", "marketapp-7")
        #expect(try market.perform("monitor", monitor).status == .exited(0))
        #expect(try market.images() == [])
        try market.expectNothing()

        try market.killUnanswered(7, image)
        try market.server.tool("move", "late", "marketapp-7", "hidden")
        for hours in [0, 2] {
            try market.age("lost", by: hours * 3600)
            #expect(try market.perform("monitor", monitor).status == .exited(0))
        }
        #expect(try market.journal() == [])
    }

    /// The key's object is another import's by then.
    @Test func anObjectOfAnotherTryIsLeftAlone() throws {
        let market = try BucketMarket(S3Server(.seaweed), bucket: "tries")
        let image = try market.writeImage()
        try market.killUnanswered(7, image)
        let entry = try #require(try market.journal("import").first)
        let text = try Data(contentsOf: URL(filePath: market.journalPath + "/" + entry))
        #expect(try market.deleteApp(7).status == .exited(0))
        _ = try market.importApp(7, image)
        // The dead import's entry, come back.
        try text.write(to: URL(filePath: market.journalPath + "/" + entry))
        #expect(try market.perform("monitor", market.message(image, app: 1)).status == .exited(0))
        #expect(try market.images() == ["marketapp-7"])
    }
}
