import AppTransfer
import DriverProtocol
import HTTP
import ImageTransfer
import Posix
import S3

/// `market/s3/check`: tries the bucket and the keys' rights with an object that is removed again.
package enum Check: Action {
    package static let name = "market/s3/check"
    package static let purpose = "tries BUCKET and the rights of the keys with a probe; prints a line for each check"
    package static let inputs = S3Inputs.all
    package static let sourceInputs = HTTPOptions.datastoreInputs
    /// Parts up to this size are worth an upload in two of them.
    private static let largestPart: UInt64 = 64 << 20

    package static func run(_ request: Request) throws -> Reply {
        var check = MarketCheck()
        guard
            let marketplace = try check.trying(
                "attributes", { try S3Marketplace(request) }, found: { "the bucket is \($0.market.bucket)" })
        else { return check.reply }
        let (market, client) = (marketplace.market, marketplace.client)
        guard let bucket = try check.trying("bucket", { try marketplace.bucket() }, found: Self.describe) else {
            return check.reply
        }
        guard bucket != nil else {
            try check.note("rights", "they are not tried: there is no bucket yet")
            return check.reply
        }
        _ = try check.trying(
            "listing objects", { try client.usage(bucket: market.bucket, prefix: market.prefix + "-") },
            found: { "\($0.objects) objects of APP_PREFIX, \($0.bytes.megabytesRoundedUp) MB" })
        _ = try check.trying(
            "listing uploads", { try client.openUploads(bucket: market.bucket, prefix: market.prefix + "-") },
            found: { "\($0.count) are open" })
        try tryObject(marketplace, request, &check)
        return check.reply
    }

    private static func describe(_ bucket: S3Bucket?) -> String {
        bucket == nil ? "it is missing, and the first import makes it (CREATE_BUCKET)" : "it is there"
    }

    private static func tryObject(
        _ marketplace: S3Marketplace, _ request: Request, _ check: inout MarketCheck
    ) throws {
        let (market, client) = (marketplace.market, marketplace.client)
        // No app's object is called so.
        let object = market.object("\(market.prefix)-check-\(randomName())")
        let hasParts = market.partSize <= largestPart
        let length = Int(hasParts ? market.partSize + 1 : 1)
        var isPublished = false
        defer { if isPublished { Interrupt.holding { try? client.forCleanup.delete(object) } } }
        let md5 = try check.trying(
            "uploading",
            {
                let target = ObjectUpload.Target(object, market, length: UInt64(length), owner: "check")
                let sink = try S3Sink(client, target)
                isPublished = true
                return try Probe(length: length).publish(into: sink, log: request.log)
            },
            found: { _ in hasParts ? "an object in two parts" : "a small object; READ_LENGTH is too large to try parts"
            })
        guard let md5 else { return }
        _ = try check.trying(
            "downloading", { try Probe.compare(S3Source(client, object), md5: md5, log: request.log) },
            found: { "what came back is what was sent" })
        _ = try check.trying("deleting", { try client.delete(object) }, found: { "the object is gone again" })
    }
}
