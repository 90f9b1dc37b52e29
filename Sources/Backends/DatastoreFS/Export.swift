import Datastores
import DriverProtocol

/// `datastore/fs/export`, the first step of an IMPORT: replies with the place and the kind of an image.
package enum Export: Action {
    package static let name = "datastore/fs/export"
    package static let purpose =
        "prints IMPORT_INFO: the place of an image of the datastore, its MD5, SIZE (MB) and FORMAT"
    package static let inputs =
        StoredImage.inputs(example: "/var/lib/one/datastores/1/image") + DirectoryDatastore.inputs

    package static func run(_ request: Request) throws -> Reply {
        try DirectoryDatastore(request).export(request.message)
    }
}
