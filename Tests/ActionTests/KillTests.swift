import Foundation
import Glibc
import Posix
import TestSupport
import Testing

/// Actions ended at any moment of their work, by a signal that they can handle and by one that they cannot.
@Suite(.serialized) struct KillTests {
    private static let rounds = 50
    /// Bytes of the image that are no holes.
    private static let data = 20 << 20
    private let market: LocalMarket
    private let image: String

    init() throws {
        market = try LocalMarket()
        var data: [Int64: [UInt8]] = [:]
        for part in 0..<10 { data[Int64(part) * 20 << 20] = TestFiles.noise(Self.data / 10, seed: UInt64(part)) }
        image = try TestFiles.makeSparse(market.datastore + "/image", length: 200 << 20, data: data)
    }

    private func hidden(in directory: String) throws -> [String] {
        try market.directory.names(in: directory).filter { $0.hasPrefix(".") }
    }

    private func visible(in directory: String) throws -> [String] {
        try market.directory.names(in: directory).filter { !$0.hasPrefix(".") && $0 != "image" }
    }

    /// Returns the seconds that an undisturbed action takes.
    private func duration(_ program: String, _ message: DriverMessage) throws -> Double {
        let begun = Clock.now
        #expect(try market.act(program, message).status == .exited(0))
        return Clock.now - begun
    }

    private func killed(
        _ program: String, _ message: DriverMessage, by signal: Int32, at moment: Moment
    ) throws -> Outcome {
        let action = try RunningAction(program, message, in: market)
        action.wait(for: moment)
        action.send(signal)
        return try action.finish()
    }

    /// Checks a directory and a reply, whenever the signal came: every visible file is whole, the file of a reply
    /// exists, and only SIGKILL may leave anything. Returns whether the signal came in the middle.
    private func check(_ outcome: Outcome, _ signal: Int32, _ directory: String) throws -> Bool {
        let (visible, hidden) = try (visible(in: directory), hidden(in: directory))
        #expect(visible.count <= 1 && hidden.count <= (signal == SIGKILL ? 1 : 0))
        for name in visible {
            #expect(try run(["cmp", image, market.directory.path(directory + "/" + name)]).status.isSuccess)
        }
        if outcome.output.isEmpty {
            #expect(outcome.status == .signalled(signal) || (signal == SIGTERM && outcome.status == .exited(1)))
            #expect(signal == SIGKILL || visible.isEmpty)
        } else {
            let name = try #require(outcome.output.firstMatch(of: /SOURCE="[^"]*\/([0-9a-f]{32})"\n/))
            #expect(visible == [String(name.1)])
            #expect(outcome.output.hasSuffix("FORMAT=\"raw\"\n"))
        }
        if outcome.status == .exited(1) {
            expectRefusal(outcome, ["ended by signal 15 (Terminated); nothing was kept but what a warning"])
        }
        for name in visible { unlink(market.directory.path(directory + "/" + name)) }
        return outcome.status == .exited(1) || (signal == SIGKILL && !hidden.isEmpty)
    }

    private func disturb(
        _ program: String, _ message: DriverMessage, by signal: Int32, rounds: Int, directory: String
    ) throws {
        let duration = try duration(program, message)
        for name in try visible(in: directory) { unlink(market.directory.path(directory + "/" + name)) }
        var random = SeededGenerator.fresh()
        var hits = 0
        for moment in Moment.spread(rounds, duration: duration, bytes: Self.data, using: &random) {
            let outcome = try killed(program, message, by: signal, at: moment)
            if try check(outcome, signal, directory) { hits += 1 }
        }
        #expect(hits >= rounds / 3, "too few signals came in the middle; TEST_SEED=\(random.seed)")
        // Whatever is left goes with the next one.
        #expect(try market.act(program, message).status == .exited(0))
        #expect(try hidden(in: directory) == [] && visible(in: directory).count == 1)
    }

    @Test(arguments: [SIGTERM, SIGKILL])
    func importLeavesNothingHalfDone(_ signal: Int32) throws {
        try disturb(
            "market-http-import", market.importMessage(image), by: signal, rounds: Self.rounds, directory: "public")
    }

    @Test(arguments: [SIGTERM, SIGKILL])
    func importFromACephPoolLeavesNothingHalfDone(_ signal: Int32) throws {
        let ceph = try CephRig.shared()
        let name = "one/kill-\(CephMarket.newID())"
        try ceph.ask("import", "--no-progress", image, name)
        defer { _ = try? ceph.rbd("rm", "--no-progress", name) }
        let access = "CEPH_USER=\(CephRig.user)&CEPH_KEY=\(ceph.keyFile)&CEPH_CONF=\(ceph.configuration)"
        let message = try market.importMessage("rbd://localhost/\(name)?\(access)")
        try disturb("market-http-import", message, by: signal, rounds: Self.rounds, directory: "public")
    }

    @Test(arguments: [SIGTERM, SIGKILL])
    func exportOfAnAppLeavesNothingHalfDone(_ signal: Int32) throws {
        let nginx = try Nginx(root: market.datastore)
        let message = try market.appExportMessage("image", from: nginx.url(""))
        try disturb("market-http-export", message, by: signal, rounds: 20, directory: "datastore")
    }

    @Test(arguments: [SIGTERM, SIGKILL])
    func datastoreExportAnswersAllOrNothing(_ signal: Int32) throws {
        let message = try market.exportMessage(image)
        let duration = try duration("datastore-fs-export", message)
        var random = SeededGenerator.fresh()
        var ended = 0
        for moment in Moment.spread(20, duration: duration, bytes: Self.data, using: &random) {
            let outcome = try killed("datastore-fs-export", message, by: signal, at: moment)
            let isWhole = outcome.status == .exited(0) && outcome.output.hasSuffix("</IMPORT_INFO>\n")
            #expect(isWhole || (outcome.status != .exited(0) && outcome.output.isEmpty))
            if !isWhole { ended += 1 }
        }
        #expect(ended >= 7, "too few signals came in the middle; TEST_SEED=\(random.seed)")
        #expect(try market.directory.names(in: "datastore") == ["image"])
    }

    /// A hole of 1 TiB takes half an hour to digest: no reason to let an administrator wait.
    @Test func aHoleDoesNotKeepASignalWaiting() throws {
        let hole = try TestFiles.makeSparse(market.datastore + "/hole", length: 1 << 40, data: [:])
        for (program, message) in [
            ("market-http-import", try market.importMessage(hole)),
            ("datastore-fs-export", try market.exportMessage(hole)),
        ] {
            let action = try RunningAction(program, message, in: market)
            try action.waitUntilItHeedsSignals()
            usleep(500_000)
            action.send(SIGTERM)
            let sent = Clock.now
            expectRefusal(try action.finish(), ["ended by signal 15"])
            #expect(Clock.now - sent < 60)
            #expect(try market.published() == [])
        }
    }
}
