import AppTransfer
import DriverProtocol

/// `market/http/delete`: removes an app's file.
public enum Delete: Action {
    public static let name = "market/http/delete"
    public static let purpose = "removes an app's file from PUBLIC_DIR; prints nothing"
    public static let inputs = PublicDirectory.inputs

    public static func run(_ request: Request) throws -> Reply {
        try deleteApp(request) {
            try PublicDirectory(request)
        } remove: { directory in
            let name = try directory.fileName(of: request.message)
            if try !directory.images.remove(name) {
                request.log.warning("the file \(quoted(name)) is already gone from \(quoted(directory.path))")
            }
        }
    }
}
