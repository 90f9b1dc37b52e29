import AppTransfer
import DriverProtocol
import ImageTransfer

/// `market/one/export`: brings an app into a datastore.
public enum Export: Action {
    public static let name = "market/one/export"
    public static let purpose = "brings an app into a datastore; prints SOURCE, MD5, SIZE (MB) and FORMAT"
    public static let inputs = ["MARKETPLACEAPP/SOURCE"] + AppExport.inputs

    public static func run(_ request: Request) throws -> Reply {
        let attribute = "MARKETPLACEAPP/SOURCE"
        let source = try request.message.required(attribute)
        guard ["http://", "https://"].contains(where: { source.lowercased().hasPrefix($0) }) else {
            throw request.message.invalid(attribute, "is no URL of a catalog", remedy: "correct the app's SOURCE")
        }
        let export = try AppExport(request)
        return try export.run { try HTTPSource(source, request, isOfCatalog: true) }
    }
}
