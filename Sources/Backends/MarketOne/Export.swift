import AppTransfer
import DriverProtocol
import ImageTransfer

/// `market/one/export`: brings an app into a datastore.
package enum Export: Action {
    package static let name = "market/one/export"
    package static let purpose = "brings an app into a datastore; prints SOURCE, MD5, SIZE (MB) and FORMAT"
    package static let inputs = ["MARKETPLACEAPP/SOURCE"]
    package static let datastoreInputs = AppExport.inputs

    package static func run(_ request: Request) throws -> Reply {
        let attribute = "MARKETPLACEAPP/SOURCE"
        guard let source = WebURL(try request.message.required(attribute)) else {
            throw request.message.invalid(attribute, "is no URL of a catalog", remedy: "correct the app's SOURCE")
        }
        let export = try AppExport(request)
        return try export.run { try HTTPSource(source, request, isOfCatalog: true) }
    }
}
