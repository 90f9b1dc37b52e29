import Datastores
import DriverProtocol

/// `datastore/ceph/export`, the first step of an IMPORT: prints the place of an image, and what it is.
package enum Export: Action {
    package static let name = "datastore/ceph/export"
    package static let purpose = "prints IMPORT_INFO: the place of an image of the pool, its MD5, SIZE (MB) and FORMAT"
    package static let inputs = StoredImage.inputs(example: "one/one-7") + CephDatastore.inputs

    package static func run(_ request: Request) throws -> Reply {
        try CephDatastore(request).export(request.message)
    }
}
