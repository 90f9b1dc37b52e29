import AppTransfer
import DriverProtocol

/// `market/http/delete`: removes an app's file.
package enum Delete: AppDeletion {
    package static let name = "market/http/delete"
    package static let purpose = "removes an app's file from PUBLIC_DIR; prints nothing"
    package static let inputs = PublicDirectory.inputs + ImportJournal.deletionInputs

    package static func run(_ request: Request) throws -> Reply {
        try ImportJournal.deleteApp(request) {
            try PublicDirectory(request)
        } remove: { directory in
            let name = try directory.fileName(of: request.message)
            if try !directory.images.remove(name) {
                request.log.warning("the file \(quoted(name)) is already gone from \(quoted(directory.path))")
            }
        }
    }
}
