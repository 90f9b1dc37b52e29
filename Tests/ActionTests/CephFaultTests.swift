import DriverProtocol
import Foundation
import Glibc
import Posix
import TestSupport
import Testing

/// Ceph's datastore disturbed at its work.
@Suite(.serialized) struct CephFaultTests {
    /// Each of the four takes some 2 s a round: `TEST_KILLS=50 Tests/run --filter CephFaultTests` for more of them.
    @Test(
        "a signal at any moment leaves nothing half-done", arguments: CephMarket.Way.allCases, [SIGTERM, SIGKILL])
    func signals(_ way: CephMarket.Way, _ signal: Int32) throws {
        // A cluster of its own: no other test's images are under way in it.
        let ceph = try CephMarket(way, rig: CephRig())
        let id = CephMarket.newID()
        var random = SeededGenerator(seed: UInt64(signal))
        let disk = try ceph.market.directory.write("sources/disk", TestFiles.noise(40 << 20))
        let message = try ceph.copyMessage(disk).with("IMAGE/ID", id)
        let begun = Clock.now
        try ceph.expectStored(ceph.copy(message, id: id), id: id, disk)
        let moments = Moment.spread(
            Moment.count(usual: 20), duration: Clock.now - begun, bytes: 80 << 20, using: &random)
        for moment in moments {
            let action = try RunningAction(
                "datastore-ceph-cp", message, in: ceph.market, watched: ceph.sources, environment: ceph.environment)
            action.wait(for: moment)
            action.send(signal)
            let outcome = try action.finish()
            // After SIGKILL the shell beside rbd cleans up by itself.
            #expect(try eventually(within: signal == SIGKILL ? 30 : 0.1) { try ceph.rig.parts() == [] })
            let isThere = try ceph.rig.images().contains("one-\(id)")
            #expect(outcome.output.isEmpty ? signal == SIGKILL || !isThere : isThere, "\(outcome.errors)")
            if isThere {
                let fetched = ceph.market.directory.path("fetched")
                try ceph.rig.fetch("one/one-\(id)", to: fetched)
                #expect(try run(["cmp", disk, fetched]).status.isSuccess)
                try ceph.rig.ask("rm", "--no-progress", "one/one-\(id)")
            }
        }
    }

    @Test("storage that is gone in the middle is told in one line", arguments: CephMarket.Way.allCases)
    func storage(_ way: CephMarket.Way) throws {
        let ceph = try CephMarket(way, rig: CephRig(), timeout: 15)
        let disk = try ceph.market.directory.write("sources/disk", TestFiles.noise(200 << 20))
        let action = try RunningAction(
            "datastore-ceph-cp", ceph.copyMessage(disk), in: ceph.market, watched: ceph.sources,
            environment: ceph.environment)
        action.wait(for: .progress(60 << 20))
        try ceph.rig.stopStorage()
        let outcome = try action.finish()
        expectRefusal(outcome, ["write the image 'one/one-"])
        // By what rbd has waited for: an answer to a write, or a connection of its own.
        let remedies = [
            ["Ceph did not answer in time", "ceph -s", "CEPH_TIMEOUT"],
            ["the cluster cannot be reached", "CEPH_CONF", "rbd --id"],
        ]
        let reason = outcome.reasons.first ?? ""
        #expect(remedies.contains { $0.allSatisfy { reason.contains($0) } }, "\(reason)")
    }

    @Test("a bridge host that goes in the middle leaves nothing")
    func bridge() throws {
        let ceph = try CephMarket(.bridge, rig: CephRig())
        let id = CephMarket.newID()
        let disk = try ceph.market.directory.write("sources/disk", TestFiles.noise(100 << 20))
        let action = try RunningAction(
            "datastore-ceph-cp", ceph.copyMessage(disk).with("IMAGE/ID", id), in: ceph.market, watched: ceph.sources,
            environment: ceph.environment)
        action.wait(for: .progress(40 << 20))
        ceph.cutConnections()
        expectRefusal(
            try action.finish(),
            ["write the image 'one/one-\(id)' on host bridge1", "the connection to the host broke", "the network"])
        #expect(try eventually(within: 30) { try ceph.rig.parts() == [] })
        #expect(try !ceph.rig.images().contains("one-\(id)"))
    }
}
