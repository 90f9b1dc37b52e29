import AppTransfer
import ContainerImages
import DriverProtocol

/// `market/linuxcontainers/export`: builds an app's image in a datastore.
package enum Export: Action {
    package static let name = "market/linuxcontainers/export"
    package static let purpose = "builds an app's image in a datastore; prints SOURCE, MD5, SIZE (MB) and FORMAT"
    package static let inputs = ["MARKETPLACEAPP/SOURCE"]
    package static let datastoreInputs = AppExport.inputs

    package static func run(_ request: Request) throws -> Reply {
        // The app's MD5 is that of the image's origin, which the source verifies itself.
        let export = try AppExport(request, isVerified: false)
        let source = try request.message.location("MARKETPLACEAPP/SOURCE")
        return try export.run { try ContainerSource(source, request) }
    }
}
