import AppTransfer
import DriverProtocol
import ImageTransfer
import S3

/// `market/s3/export`: brings an app's image into a datastore.
public enum Export: Action {
    public static let name = "market/s3/export"
    public static let purpose = "brings an app's image into a datastore; prints SOURCE, FORMAT, SIZE (MB) and MD5"
    public static let inputs = S3Market.inputs + AppExport.inputs + ["MARKETPLACEAPP/SOURCE"]

    public static func run(_ request: Request) throws -> Reply {
        let attribute = "MARKETPLACEAPP/SOURCE"
        guard let (bucket, key) = S3Market.parse(try request.message.required(attribute)) else {
            throw request.message.invalid(attribute, "is no s3://BUCKET/KEY", remedy: "correct the app's SOURCE")
        }
        let export = try AppExport(request)
        let client = try S3Marketplace(request).client
        return try export.run { try S3Source(client, bucket: bucket, key: key) }
    }
}
