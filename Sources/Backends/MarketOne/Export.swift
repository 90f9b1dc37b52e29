import AppTransfer
import DriverProtocol
import HTTP
import ImageTransfer

/// `market/one/export`: brings an app into a datastore.
package enum Export: Action {
    package static let name = "market/one/export"
    package static let purpose = "brings an app into a datastore; prints SOURCE, MD5, SIZE (MB) and FORMAT"
    package static let inputs = [appSource] + HTTPOptions.catalogInputs + [Monitor.endpoint] + AppExport.inputs
    package static let datastoreInputs = AppExport.datastoreInputs
    private static let appSource = Input.appSource(
        "URL of the app's file.", example: "https://marketplace.opennebula.io/appliance/ID/download/0")

    package static func run(_ request: Request) throws -> Reply {
        guard let source = WebURL(try request.message.required(appSource)) else {
            throw request.message.invalid(appSource, "is no URL of a catalog", remedy: "correct the app's SOURCE")
        }
        let export = try AppExport(request)
        return try export.run { try HTTPSource(source, request, isOfCatalog: true) }
    }
}
