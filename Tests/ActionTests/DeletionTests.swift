import DriverProtocol
import Foundation
import Glibc
import Posix
import TestSupport
import Testing

/// The deletion of an app at any moment of its import: the import is ended, and nothing of it stays.
@Suite(.serialized) struct DeletionTests {
    private static let rounds = 40
    private static let size = 24 << 20

    /// Returns the seconds that an undisturbed import takes.
    private func duration(_ market: any JournaledMarket, _ image: String) throws -> Double {
        let begun = Clock.now
        let source = try market.importApp(1, image)
        let seconds = Clock.now - begun
        #expect(try market.deleteApp(1, source).status == .exited(0))
        return seconds
    }

    /// By hand, or under a driver manager that runs one beside the other: the same app again and again.
    @Test(arguments: JournaledKind.allCases) func byHandAtAnyMoment(kind: JournaledKind) throws {
        let market = try kind.make()
        let image = try market.writeImage(Self.size)
        var window = Window(seconds: try duration(market, image) * 1.2)
        let message = try market.message(image, app: 7)
        var moments = SeededGenerator.fresh()
        var endings: [String: Int] = [:]
        for round in 0..<Self.rounds {
            let child = try market.start("import", message)
            let moment = moments.moment(upTo: window.seconds)
            usleep(UInt32(moment * 1e6))
            let deletion = try market.deleteApp(7)
            let note = Comment("round \(round), seed \(moments.seed), after \(moment) s: \(deletion.errors)")
            #expect(deletion.status == .exited(0) && deletion.output == "" && deletion.reasons == [], note)
            let status = child.reap()
            let errors = try text(child.errors)
            let ending =
                status == .exited(0)
                ? "answered" : errors.contains("ended by signal 15") ? "ended" : "refused"
            endings[ending, default: 0] += 1
            window.adapt(wasTooLate: ending == "answered")
            #expect(ending != "refused" || errors.contains("Cannot import the app: it was deleted meanwhile"), note)
            #expect(ending == "answered" || status == .exited(1), note)
            // A bridge host clears up when the connection has ended.
            if kind != .bucket { #expect(try eventually(within: 60) { try market.images() == [] }, note) }
        }
        try market.expectNothing()
        #expect(endings["ended", default: 0] >= 5, "seed \(moments.seed): \(endings)")
        // Nothing keeps the app from being imported after its deletion.
        _ = try market.importApp(7, image)
    }

    /// By one_market: each IMPORT and each DELETE is answered once, the IMPORT first.
    @Test(arguments: JournaledKind.allCases) func underOneMarketAtAnyMoment(kind: JournaledKind) throws {
        let market = try kind.make()
        let image = try market.writeImage(Self.size)
        var window = Window(seconds: 0.1 + (try duration(market, image)) * 1.5)
        let rig = try OneMarketRig(
            ["-t 2 -m \(market.kind)"], drivers: market.launchers, environment: market.environment)
        try rig.takeSettings(from: market)
        var moments = SeededGenerator.fresh()
        var endings: [String: Int] = [:]
        for app in 1...Self.rounds {
            let message = try market.message(image, app: app).with([
                "IMPORT_SOURCE": nil, "IMAGE/SOURCE": image, "IMAGE/FORMAT": "raw", "DATASTORE/DS_MAD": "fs",
                "DATASTORE/BASE_PATH": market.directory.path, "DATASTORE/TEMPLATE": nil,
            ])
            try rig.send("IMPORT", app, message.xml)
            let moment = moments.moment(upTo: window.seconds)
            usleep(UInt32(moment * 1e6))
            try rig.send("DELETE", app, message.xml)
            let answers = [try rig.answer(), try rig.answer()]
            let note = Comment("app \(app), seed \(moments.seed), after \(moment) s: \(answers) \(rig.logs.suffix(5))")
            #expect(answers[0].hasPrefix("IMPORT ") && answers[0].split(separator: " ")[2] == "\(app)", note)
            #expect(answers[1] == "DELETE SUCCESS \(app) -", note)
            let isAnswered = answers[0].hasPrefix("IMPORT SUCCESS")
            endings[isAnswered ? "answered" : "ended", default: 0] += 1
            window.adapt(wasTooLate: isAnswered)
            if answers[0].hasPrefix("IMPORT FAILURE") {
                #expect(answers[0].hasSuffix(", because its app was deleted"), note)
            }
            if kind != .bucket { #expect(try eventually(within: 60) { try market.images() == [] }, note) }
        }
        try rig.send("FINALIZE")
        #expect(try rig.answer() == "END")
        #expect(try market.images() == [])
        #expect(try rig.openImports() == [])
        #expect(endings["ended", default: 0] >= 5, "seed \(moments.seed): \(endings)")
    }

    /// An app whose import has failed has no SOURCE, and there may be no marketplace any more: that was why.
    @Test(arguments: JournaledKind.allCases) func anAppInErrorIsDeleted(kind: JournaledKind) throws {
        let market = try kind.make()
        for element in [nil, "", " \n"] {
            let outcome = try market.perform(
                "delete", market.message("/none", app: 7).with("MARKETPLACEAPP/SOURCE", element))
            #expect(outcome.status == .exited(0) && outcome.output == "")
            #expect(outcome.errors.contains("INFO: ") && outcome.errors.contains("nothing to delete"))
            #expect(!outcome.errors.contains("WARN: "))
        }
        let place = kind == .bucket ? "BUCKET" : "PUBLIC_DIR"
        for value in ["/gone", "", nil] {
            let gone = try market.message("/none", app: 7).with("MARKETPLACE/TEMPLATE/\(place)", value)
            let outcome = try market.perform("delete", gone)
            #expect(outcome.status == .exited(0) && outcome.output == "", "\(outcome.errors)")
            #expect(outcome.errors.contains("the app has no SOURCE"))
        }
        let nameless = try market.message("/none", app: 7).with("MARKETPLACEAPP/ID", nil)
        expectRefusal(try market.perform("delete", nameless), ["MARKETPLACEAPP/ID is missing or empty"])
    }

    @Test func aServiceThatIsGoneIsAWarning() throws {
        let market = try BucketMarket(S3Server(.moto), bucket: "gone")
        let message = try market.message("/none", app: 7).with(
            "MARKETPLACE/TEMPLATE/ENDPOINT", "http://127.0.0.1:9")
        let outcome = try market.perform("delete", message)
        #expect(outcome.status == .exited(0) && outcome.errors.contains("WARN: "))
        #expect(outcome.errors.contains("what an import of the app may have left stays"))
        // Nobody knows whether it has.
        #expect(outcome.errors.contains("nothing to delete: the app has no SOURCE\n"))
    }

    /// No journal tells of it: another front-end has uploaded it, or the journal is lost.
    @Test func anObjectOfTheSameAppIsFoundWithoutAJournal() throws {
        let market = try BucketMarket(S3Server(.seaweed), bucket: "lost")
        let image = try market.writeImage()
        for app in [7, 8] { _ = try market.importApp(app, image) }
        try FileManager.default.removeItem(atPath: market.journalPath)
        let stranger = try market.message(image, app: 7).with("MARKETPLACEAPP/REGTIME", "5")
        #expect(try market.perform("delete", stranger).status == .exited(0))
        #expect(try market.images() == ["marketapp-7", "marketapp-8"])
        #expect(try market.deleteApp(7).status == .exited(0))
        #expect(try market.images() == ["marketapp-8"])
    }

    /// An import that cannot be told to end is killed. What it has sent is removed with it.
    @Test func anImportThatHeedsNothingIsKilled() throws {
        let market = try LocalMarket()
        let image = try TestFiles.makeSparse(market.directory.path("image"), length: 1 << 40, data: [:])
        let child = try market.start("import", market.message(image, app: 7))
        #expect(try eventually(within: 60) { try !market.journal("import").isEmpty && !market.published().isEmpty })
        child.send(SIGSTOP)
        let outcome = try market.deleteApp(7)
        #expect(outcome.status == .exited(0), "\(outcome.errors)")
        #expect(outcome.errors.contains("ending the import of the app, which runs as process \(child.pid)"))
        #expect(child.reap() == .signalled(SIGKILL))
        try market.expectNothing()
    }

    @Test func anotherUsersImportIsNamed() throws {
        guard !LocalMarket.unprivileged.isEmpty else { return }
        let market = try LocalMarket()
        let image = try market.writeImage()
        let (child, pipe) = try market.startUnanswered(market.message(image, app: 7))
        defer { child.send(SIGKILL) }
        try TestFiles.succeed(["chown", "-R", "65534", market.directory.path])
        let outcome = try market.act(
            "market-http-delete", input: market.message(image, app: 7).base64, through: LocalMarket.unprivileged)
        expectRefusal(outcome, ["end the import of the app", "process \(child.pid) takes no signal from this user"])
        #expect(try market.published().count == 1 && market.journal("import").count == 1)
        withExtendedLifetime(pipe) {}
    }

    @Test("a signal ends the waiting for an import that does not end")
    func aDeletionCanBeEnded() throws {
        let market = try LocalMarket()
        let (child, pipe) = try market.startUnanswered(market.message(market.writeImage(), app: 7))
        child.send(SIGSTOP)
        let deletion = try market.start("delete", market.message("/none", app: 7))
        #expect(try eventually(within: 60) { try !market.journal("deleted").isEmpty })
        usleep(200_000)
        deletion.send(SIGTERM)
        #expect(deletion.reap(within: 60) == .exited(1))
        child.send(SIGKILL)
        withExtendedLifetime(pipe) {}
    }
}

/// Imports that are killed at any moment, with SIGKILL: nothing whole stays that was not answered.
@Suite(.serialized) struct KilledImportTests {
    @Test(arguments: JournaledKind.allCases) func nothingStaysUnanswered(kind: JournaledKind) throws {
        let market = try kind.make()
        let image = try market.writeImage(6 << 20)
        let message = try market.message(image, app: 7)
        let begun = Clock.now
        #expect(try market.deleteApp(7, market.importApp(7, image)).status == .exited(0))
        var window = Window(seconds: Clock.now - begun)
        var moments = SeededGenerator.fresh()
        var killed = 0
        for round in 0..<40 {
            let child = try market.start("import", message)
            let moment = moments.moment(upTo: window.seconds)
            usleep(UInt32(moment * 1e6))
            child.send(SIGKILL)
            let status = child.reap()
            let output = try text(child.output)
            let note = Comment("round \(round), seed \(moments.seed), after \(moment) s")
            window.adapt(wasTooLate: status == .exited(0))
            // Killed between its answer and its end, it has answered.
            if status == .exited(0) || output.hasSuffix("\n") {
                let source = try Template(parsing: output)["SOURCE"]
                #expect(try market.deleteApp(7, source).status == .exited(0), note)
                continue
            }
            killed += 1
            #expect(try market.perform("monitor", message).status == .exited(0), note)
            #expect(try market.journal("import") == [], note)
            if kind != .bucket { #expect(try eventually(within: 60) { try market.images() == [] }, note) }
        }
        #expect(killed >= 5, "seed \(moments.seed)")
        // An open upload is another thing: see docs/s3.md.
        #expect(try market.deleteApp(7).status == .exited(0))
        #expect(try market.images() == [])
        try market.age("lost", by: 7200)
        try market.age("new", by: 7200)
        #expect(try market.deleteApp(7, market.importApp(7, image)).status == .exited(0))
        #expect(try market.perform("monitor", message).status == .exited(0))
        try market.expectNothing()
    }
}

/// The longest time after an import's start at which it is disturbed. The machine may have become faster or slower
/// since that was measured: a moment that comes too late makes it shorter, so that the middle of imports is hit all the
/// same.
private struct Window {
    private(set) var seconds: Double

    mutating func adapt(wasTooLate: Bool) { seconds *= wasTooLate ? 0.9 : 1.05 }
}

extension SeededGenerator {
    fileprivate mutating func moment(upTo seconds: Double) -> Double { Double.random(in: 0...seconds, using: &self) }
}

extension JournaledMarket {
    /// Scripts that run the built actions, for an installation of one_market's.
    var launchers: [String: String] {
        let actions = ["import", "delete", "monitor"].map { ("market/\(kind)/\($0)", program($0)) }
        return Dictionary(uniqueKeysWithValues: actions + [("datastore/fs/export", "datastore-fs-export")]).mapValues {
            Programs.launcher($0)
        }
    }
}

extension OneMarketRig {
    /// Installs the settings of the marketplace's own installation, if it has any.
    fileprivate func takeSettings(from market: any JournaledMarket) throws {
        let path = "var/remotes/etc/market/market-drivers.conf"
        guard let settings = FileManager.default.contents(atPath: market.environment["ONE_LOCATION"]! + "/" + path)
        else {
            return
        }
        _ = try location.makeDirectory("var/remotes/etc/market")
        try location.write(path, settings)
    }

    /// The imports in the journal that run, were killed, or have answered.
    fileprivate func openImports() throws -> [String] {
        try location.names(in: "var/market-drivers/imports").filter {
            $0.hasSuffix(".import") || $0.hasSuffix(".answered")
        }
    }
}
