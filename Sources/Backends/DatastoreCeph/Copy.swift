import AppTransfer
import Datastores
import DriverProtocol

/// `datastore/ceph/cp`: brings an app, or a file that a user names, into the pool.
package enum Copy: Action {
    package static let name = "datastore/ceph/cp"
    package static let purpose = "brings an app or another image into the pool; prints SOURCE and FORMAT"
    package static let inputs =
        ImageRegistration.inputs + CephDatastore.inputs + ImageRegistration.datastoreInputs
    package static let sourceInputs = ImageRegistration.sourceInputs

    package static func run(_ request: Request) throws -> Reply {
        try ImageRegistration(request, action: name).run { try CephDatastore(request) }
    }
}
