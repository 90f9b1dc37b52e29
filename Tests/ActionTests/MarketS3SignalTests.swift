import DriverProtocol
import Foundation
import Posix
import TestSupport
import Testing

/// SIGTERM at any moment of an upload: the service may carry out requests that it has already received.
@Suite struct MarketS3SignalTests {
    /// Runs imports of app 1, whose image has so many bytes, each ended by SIGTERM at another moment, up to `delay`
    /// seconds after the last byte was read. Returns how many of them had not ended by themselves. Those that had are
    /// deleted again.
    private func interrupt(
        _ count: Int, _ market: BucketMarket, _ message: DriverMessage, bytes: Int, delay: Double
    ) throws -> Int {
        let delete = try market.sourceMessage("s3://\(market.bucket)/marketapp-1")
        var random = SeededGenerator.fresh()
        var ended = 0
        for moment in Moment.spread(count, duration: 2 * delay, bytes: bytes, delay: delay, using: &random) {
            let action = try RunningAction("market-s3-import", message, in: market.directory, watched: market.datastore)
            action.wait(for: moment)
            action.send(SIGTERM)
            let outcome = try action.finish()
            if outcome.status == .exited(0) {
                #expect(try market.act("delete", delete).status == .exited(0))
            } else if outcome.status != .signalled(SIGTERM) || !outcome.errors.isEmpty {
                // Else it was too young to know signals.
                ended += 1
                expectRefusal(outcome, ["signal 15"])
            }
        }
        // An object that comes late shows by then.
        usleep(1_000_000)
        return ended
    }

    @Test(arguments: [S3Server.Kind.ceph, .seaweed]) func aSinglePutIsTakenBack(kind: S3Server.Kind) throws {
        let market = try BucketMarket(try S3Server.shared(kind), bucket: "single-put")
        let image = try market.directory.write("image", TestFiles.noise(5 << 20))
        let message = try market.importMessage(image, ["MARKETPLACEAPP/ID": "1"])
        let ended = try interrupt(60, market, message, bytes: 5 << 20, delay: 0.1)
        try market.expectNothing()
        #expect(ended > 5, "\(ended) of 60 runs were ended")
    }

    /// A part that Ceph still stores when its upload is aborted takes room for good, and is in no listing.
    @Test func anAbortedUploadLeavesNoParts() throws {
        let market = try BucketMarket(try S3Server.shared(.ceph), bucket: "parts")
        let image = try market.directory.write("image", TestFiles.noise(128 << 20))
        let message = try market.importMessage(
            image, ["MARKETPLACEAPP/ID": "1", "MARKETPLACE/TEMPLATE/UPLOAD_CONCURRENCY": "8"])
        let ended = try interrupt(24, market, message, bytes: 128 << 20, delay: 0.3)
        try market.expectNothing()
        #expect(ended > 12, "\(ended) of 24 runs were ended")
        #expect(try market.monitor().output.hasPrefix("USED_MB=0\n"))
    }
}
