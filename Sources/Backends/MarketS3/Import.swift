import AppTransfer
import DriverProtocol
import ImageTransfer
import S3

/// `market/s3/import`: uploads an image into the marketplace's bucket.
package enum Import: Action {
    package static let name = "market/s3/import"
    package static let purpose = "uploads an image into BUCKET; prints SOURCE, MD5, SIZE (MB) and FORMAT"
    package static let inputs = S3Inputs.all + AppImport.inputs
    package static let sourceInputs = ImageSources.inputs

    package static func run(_ request: Request) throws -> Reply {
        let marketplace = try S3Marketplace(request)
        return try startingOver(request.log) { try upload(request, to: marketplace) }
    }

    private static func upload(_ request: Request, to marketplace: S3Marketplace) throws -> Reply {
        let message = request.message
        let market = marketplace.market
        let app = try AppImport(request)
        let object = try market.object(of: message)
        let source = try app.open()
        let target = ObjectUpload.Target(
            object, market, length: source.length, owner: S3Marketplace.owner(message))
        let sink = try S3Sink(marketplace.client, target)

        let journal = ImportJournal(request, MarketObjects(marketplace))
        return try journal.record(Publication(name: object.key, attempt: sink.attempt)) { running in
            try marketplace.prepare(object, owner: target.owner)
            do {
                return try app.publish(source, into: sink, as: "\(object)", running)
            } catch {
                sink.discard()
                throw error
            }
        }
    }
}
