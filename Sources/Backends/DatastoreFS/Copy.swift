import AppTransfer
import Datastores
import DriverProtocol

/// `datastore/fs/cp`: brings an app, or a file of a user, into the datastore.
package enum Copy: Action {
    package static let name = "datastore/fs/cp"
    package static let purpose = "brings an app or another image into the datastore; prints SOURCE and FORMAT"
    package static let inputs =
        ImageRegistration.inputs + DirectoryDatastore.copyInputs + ImageRegistration.datastoreInputs
    package static let sourceInputs = ImageRegistration.sourceInputs

    package static func run(_ request: Request) throws -> Reply {
        try ImageRegistration(request, action: name).run { try DirectoryDatastore(request) }
    }
}
