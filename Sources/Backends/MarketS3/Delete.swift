import AppTransfer
import Bytes
import DriverProtocol
import HTTP
import S3

/// `market/s3/delete`: removes an app's object.
package enum Delete: AppDeletion {
    package static let name = "market/s3/delete"
    package static let purpose = "removes an app's object from BUCKET; prints nothing"
    package static let inputs = S3Inputs.all + ImportJournal.deletionInputs
    package static let sourceInputs = HTTPOptions.datastoreInputs

    package static func run(_ request: Request) throws -> Reply {
        try ImportJournal.deleteApp(request) {
            MarketObjects(try S3Marketplace(request))
        } remove: { objects in
            try remove(request, from: objects.marketplace)
        }
    }

    private static func remove(_ request: Request, from marketplace: S3Marketplace) throws {
        let (market, client) = (marketplace.market, marketplace.client)
        let object = try object(request.message, in: market)
        if try client.head(object) == nil {
            guard try client.head(bucket: market.bucket) != nil else {
                throw try client.missing(bucket: market.bucket)
            }
            request.log.warning(
                "the object \(quoted(object.key)) is already gone from the bucket \(quoted(market.bucket))")
            return
        }
        try client.delete(object)
    }

    /// Returns the app's object. Throws if it is not in this marketplace's bucket, or not one of its own.
    private static func object(_ message: Message, in market: S3Market) throws(DriverError) -> S3Address {
        let object = try S3Address(ofApp: message)
        let attribute = S3Address.input
        guard haveSameBytes(object.bucket, market.bucket) else {
            throw message.invalid(
                attribute, "is not in BUCKET \(quoted(market.bucket))",
                remedy: "restore BUCKET, or remove the object by hand")
        }
        guard market.isOwn(object.key) else {
            throw message.invalid(
                attribute, "does not begin with APP_PREFIX \(quoted(market.prefix)), a hyphen and the app's number",
                remedy: "restore APP_PREFIX, or remove the object by hand")
        }
        return object
    }
}
