import AppTransfer
import DriverProtocol
import ImageTransfer

/// `market/example/export`: brings an app into a datastore.
public enum Export: Action {
    public static let name = "market/example/export"
    public static let purpose = "brings an app into a datastore; prints SOURCE, MD5, SIZE (MB) and FORMAT"
    public static let inputs = Shelf.inputs + ["MARKETPLACEAPP/SOURCE"] + AppExport.inputs

    public static func run(_ request: Request) throws -> Reply {
        let export = try AppExport(request)
        let shelf = try Shelf(request)
        let name = try shelf.fileName(of: request.message)
        return try export.run { try FileSource(path: shelf.path + "/" + name) }
    }
}
