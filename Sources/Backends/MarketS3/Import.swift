import AppTransfer
import Checksums
import DriverProtocol
import ImageTransfer
import S3

/// `market/s3/import`: uploads an image into the marketplace's bucket.
package enum Import: Action {
    package static let name = "market/s3/import"
    package static let purpose = "uploads an image into BUCKET; prints SOURCE, MD5, SIZE (MB) and FORMAT"
    package static let inputs = S3Market.inputs + ["MARKETPLACEAPP/ID", "IMPORT_SOURCE", "SIZE", "FORMAT"]

    package static func run(_ request: Request) throws -> Reply {
        let marketplace = try S3Marketplace(request)
        return try startingOver(request.log) { try upload(request, to: marketplace) }
    }

    private static func upload(_ request: Request, to marketplace: S3Marketplace) throws -> Reply {
        let message = request.message
        let market = marketplace.market
        let size = try message.number("SIZE") ?? 0
        let format = try message.imageFormat(at: "FORMAT")
        let expected = try ExpectedDigests(message, md5: "MD5")
        let object = try market.object(of: message)
        let source = try ImageSources.open(message.location("IMPORT_SOURCE"), request)
        let target = ObjectUpload.Target(
            object, market, length: source.length, owner: S3Marketplace.owner(message))
        let sink = try S3Sink(marketplace.client, target)

        let journal = ImportJournal(request, MarketObjects(marketplace))
        return try journal.record(Publication(name: object.key, attempt: sink.attempt)) { running in
            try marketplace.prepare(object, owner: target.owner)
            do {
                let copied = try ImageCopy(source, expected: expected, log: request.log).run(into: sink)
                running.isPublishing()
                _ = try sink.publish()
                return Reply(source: "\(object)", md5: copied.source[.md5] ?? "", size: size, format: format)
            } catch {
                sink.discard()
                throw error
            }
        }
    }
}
