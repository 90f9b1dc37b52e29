import AppTransfer
import DriverProtocol
import ImageTransfer
import S3

/// `market/s3/export`: brings an app's image into a datastore.
package enum Export: Action {
    package static let name = "market/s3/export"
    package static let purpose = "brings an app's image into a datastore; prints SOURCE, FORMAT, SIZE (MB) and MD5"
    package static let inputs = S3Inputs.all + [S3Address.input] + AppExport.inputs
    package static let datastoreInputs = AppExport.datastoreInputs

    package static func run(_ request: Request) throws -> Reply {
        let object = try S3Address(ofApp: request.message)
        let export = try AppExport(request)
        let client = try S3Marketplace(request).client
        return try export.run { try S3Source(client, object) }
    }
}
