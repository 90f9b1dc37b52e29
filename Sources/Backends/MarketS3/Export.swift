import AppTransfer
import DriverProtocol
import ImageTransfer
import S3

/// `market/s3/export`: brings an app's image into a datastore.
package enum Export: Action {
    package static let name = "market/s3/export"
    package static let purpose = "brings an app's image into a datastore; prints SOURCE, FORMAT, SIZE (MB) and MD5"
    package static let inputs = S3Market.inputs + ["MARKETPLACEAPP/SOURCE"]
    package static let datastoreInputs = AppExport.inputs

    package static func run(_ request: Request) throws -> Reply {
        let attribute = "MARKETPLACEAPP/SOURCE"
        guard let (bucket, key) = S3Market.parse(try request.message.required(attribute)) else {
            throw request.message.invalid(attribute, "is no s3://BUCKET/KEY", remedy: "correct the app's SOURCE")
        }
        let export = try AppExport(request)
        let client = try S3Marketplace(request).client
        return try export.run { try S3Source(client, bucket: bucket, key: key) }
    }
}
