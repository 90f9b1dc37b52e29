import AppTransfer
import DriverProtocol

/// `market/example/delete`: takes an app's file from the shelf.
public enum Delete: Action {
    public static let name = "market/example/delete"
    public static let purpose = "removes an app's file from SHELF; prints nothing"
    public static let inputs = Shelf.inputs

    public static func run(_ request: Request) throws -> Reply {
        try deleteApp(request) {
            try Shelf(request)
        } remove: { shelf in
            let name = try shelf.fileName(of: request.message)
            if try !shelf.images.remove(name) {
                request.log.warning("the file \(quoted(name)) is already gone from \(quoted(shelf.path))")
            }
        }
    }
}
