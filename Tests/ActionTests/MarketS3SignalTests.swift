import DriverProtocol
import Foundation
import Posix
import TestSupport
import Testing

/// SIGTERM at any moment of an upload: the service may carry out what it has been sent.
@Suite struct MarketS3SignalTests {
    /// Runs imports of app 1, each ended after some seconds of `delays`, and answers how many of them had not ended by
    /// themselves. Those that had are deleted again.
    private func interrupt(
        _ count: Int, _ market: BucketMarket, _ message: DriverMessage, after delays: ClosedRange<Double>
    ) throws -> Int {
        let delete = try market.sourceMessage("s3://\(market.bucket)/marketapp-1")
        var ended = 0
        for _ in 0..<count {
            let outcome = try run(
                [
                    "timeout", "--preserve-status", "-s", "TERM", String(Double.random(in: delays)),
                    Programs.path("market-s3-import"),
                ], input: message.base64, environment: ["ONE_LOCATION": market.directory.path])
            if outcome.status == .exited(0) {
                #expect(try market.act("delete", delete).status == .exited(0))
            } else if outcome.status != .exited(128 + SIGTERM) || !outcome.errors.isEmpty {
                // Else it was too young to know signals.
                ended += 1
                expectRefusal(outcome, ["signal 15"])
            }
        }
        // What comes into being late shows by then.
        usleep(1_000_000)
        return ended
    }

    @Test(arguments: [S3Server.Kind.ceph, .seaweed]) func aSinglePutIsTakenBack(kind: S3Server.Kind) throws {
        let market = try BucketMarket(try S3Server(kind), bucket: "signals")
        let image = try market.directory.write("image", TestFiles.noise(5 << 20))
        let message = try market.importMessage(image, ["MARKETPLACEAPP/ID": "1"])
        let ended = try interrupt(60, market, message, after: 0.03...0.2)
        try market.expectNothing()
        #expect(ended > 5, "\(ended) of 60 runs were ended")
    }

    /// A part that Ceph still stores when its upload is aborted takes room for good, and stands in no listing.
    @Test func anAbortedUploadLeavesNoParts() throws {
        let market = try BucketMarket(try S3Server(.ceph), bucket: "parts")
        let image = try market.directory.write("image", TestFiles.noise(128 << 20))
        let message = try market.importMessage(
            image, ["MARKETPLACEAPP/ID": "1", "MARKETPLACE/TEMPLATE/UPLOAD_CONCURRENCY": "8"])
        let ended = try interrupt(24, market, message, after: 0.2...0.6)
        try market.expectNothing()
        #expect(ended > 12, "\(ended) of 24 runs were ended")
        #expect(try market.monitor().output.hasPrefix("USED_MB=0\n"))
    }
}
