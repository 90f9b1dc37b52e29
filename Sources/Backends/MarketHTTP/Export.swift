import AppTransfer
import DriverProtocol
import HTTP
import ImageTransfer

/// `market/http/export`: brings an app into a datastore.
package enum Export: Action {
    package static let name = "market/http/export"
    package static let purpose = "brings an app into a datastore; prints SOURCE, MD5, SIZE (MB) and FORMAT"
    package static let inputs =
        PublicDirectory.inputs + HTTPOptions.inputs + [PublicDirectory.appSource] + AppExport.inputs
    package static let datastoreInputs = AppExport.datastoreInputs

    package static func run(_ request: Request) throws -> Reply {
        let export = try AppExport(request)
        let directory = try PublicDirectory(request)
        let name = try directory.fileName(of: request.message)
        return try export.run { try HTTPSource(directory.url(of: name), request) }
    }
}
