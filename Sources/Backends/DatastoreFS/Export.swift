import DriverProtocol
import ImageTransfer
import Posix

/// `datastore/fs/export`, the first step of an IMPORT: tells where an image lies and what it is.
public enum Export: Action {
    public static let name = "datastore/fs/export"
    public static let purpose =
        "prints IMPORT_INFO: where an image of the datastore lies, its MD5, SIZE (MB) and FORMAT"
    public static let inputs = ["IMAGE/SOURCE", "DATASTORE/BASE_PATH"]

    /// Set by one_market where the `import` that follows computes the MD5 from the bytes that it reads anyway.
    private static let deferral = "MARKET_DRIVERS_MD5"

    public static func run(_ request: Request) throws -> Reply {
        let image = DatastoreImage(
            path: try request.message.required("IMAGE/SOURCE"),
            directory: try request.message.required("DATASTORE/BASE_PATH"), request: request,
            needsMD5: environmentVariable(deferral) != "import")
        let bridge = try BridgeHosts(request, at: "DATASTORE/TEMPLATE/BRIDGE_LIST")
        return try (bridge.map(image.describe(through:)) ?? image.describeLocally()).reply
    }
}
