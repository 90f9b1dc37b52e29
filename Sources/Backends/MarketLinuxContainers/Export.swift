import AppTransfer
import ContainerImages
import DriverProtocol

/// `market/linuxcontainers/export`: builds an app's image in a datastore.
package enum Export: Action {
    package static let name = "market/linuxcontainers/export"
    package static let purpose = "builds an app's image in a datastore; prints SOURCE, MD5, SIZE (MB) and FORMAT"
    package static let inputs = [appSource] + ContainerSource.inputs + AppExport.inputs
    package static let datastoreInputs = AppExport.datastoreInputs
    private static let appSource = Input.appSource(
        "Source of the image: `lxd://…`, as `monitor` lists it.",
        example: "lxd://https://images.linuxcontainers.org/images/debian/bookworm/amd64/default/20261120_05:24/"
            + "rootfs.tar.xz?size=2048&filesystem=ext4&format=raw")

    package static func run(_ request: Request) throws -> Reply {
        // The app's MD5 is that of the image's origin, which the source verifies itself.
        let export = try AppExport(request, isVerified: false)
        let source = try request.message.location(appSource)
        return try export.run { try ContainerSource(source, request) }
    }
}
