import DriverProtocol
import Foundation
import Posix
import TestSupport
import Testing

/// SIGTERM at any moment of an upload that is one request: the service may carry out what it has been sent.
@Suite struct MarketS3SignalTests {
    @Test(arguments: [S3Server.Kind.ceph, .seaweed]) func aSinglePutIsTakenBack(kind: S3Server.Kind) throws {
        let server = try S3Server(kind)
        let market = try BucketMarket(server, bucket: "signals")
        let image = try market.directory.write("image", TestFiles.noise(5 << 20))
        let message = try market.importMessage(image, ["MARKETPLACEAPP/ID": "1"])
        let delete = try market.sourceMessage("s3://signals/marketapp-1")
        var ended = 0
        for _ in 0..<60 {
            let outcome = try run(
                [
                    "timeout", "--preserve-status", "-s", "TERM", String(Double.random(in: 0.03...0.2)),
                    Programs.path("market-s3-import"),
                ], input: message.base64, environment: ["ONE_LOCATION": market.directory.path])
            if outcome.status == .exited(0) {
                #expect(try market.act("delete", delete).status == .exited(0))
            } else {
                ended += 1
                expectRefusal(outcome, ["signal 15"])
            }
        }
        // What comes into being late shows by then.
        usleep(1_000_000)
        try market.expectNothing()
        #expect(ended > 5, "\(ended) of 60 runs were ended")
    }
}
