import AppTransfer
import Datastores
import DriverProtocol

/// `datastore/fs/cp`: brings an app, or a file that a user names, into the datastore.
public enum Copy: Action {
    public static let name = "datastore/fs/cp"
    public static let purpose = "brings an app or another image into the datastore; prints SOURCE and FORMAT"
    public static let inputs = ImageRegistration.inputs + DirectoryDatastore.inputs

    public static func run(_ request: Request) throws -> Reply {
        try ImageRegistration(request, action: name).run { try DirectoryDatastore(request) }
    }
}
