import Checksums
import Datastores
import DriverProtocol
import HTTP
import ImageTransfer

/// `datastore/*/cp`: an image that oned registers, from an app (its SOURCE is the image's PATH) or from a path or URL
/// of a user. The backend provides the datastore; the rest is the same for all backends.
package struct ImageRegistration {
    /// The elements that the message must have for this, beside those for the datastore.
    package static let inputs =
        [path, name, size, imageType, format] + ImageDigests.inputs
    /// What is read of any datastore.
    package static let datastoreInputs =
        [datastoreType, noDecompress] + AllowedPaths.inputs + HTTPOptions.datastoreInputs + [nfsAutoEnable]
    /// What its sources read of a marketplace.
    package static let sourceInputs = ImageSources.inputs
    private static let path = Input.required(
        "IMAGE/PATH", "SOURCE of an app, or a path or URL that a user has given.",
        example: "https://images.example/debian.qcow2")
    private static let name = Input.optional("IMAGE/NAME", "Name of the image, for errors and the log.")
    private static let size = Input.optional("IMAGE/SIZE", "Size of the disk in MB, as oned counts it.")
    private static let imageType = Input.optional(
        "IMAGE/TYPE", "`1` means a CD-ROM. It is not converted.", otherwise: "a disk")
    private static let format = Input.optional(
        "IMAGE/TEMPLATE/FORMAT", "Format of the image: `raw`, `qcow2`, …", otherwise: "detected")
    private static let datastoreType = Input.optional(
        "DATASTORE/TYPE", "`2` means a datastore for kernels, scripts and other files. Nothing is converted.")
    /// NO_DECOMPRESS, which a datastore for files has by default.
    private static let noDecompress = Input.optional(
        "DATASTORE/TEMPLATE/NO_DECOMPRESS", "`YES` keeps a compressed image compressed. It is not converted.",
        otherwise: "`NO`; `YES` for `TYPE` 2")
    private static let nfsAutoEnable = Input.optional(
        "DATASTORE/TEMPLATE/NFS_AUTO_ENABLE", default: "NO", "`YES` leaves the copy to OpenNebula's own script.")
    /// `IMAGE/TYPE` of a CD-ROM, and `DATASTORE/TYPE` of a datastore for kernels, scripts and other files.
    private static let cdrom = "1"
    private static let files = "2"

    private let request: Request
    private let location: Location
    private let script: StockScript

    /// - Parameter action: the path under `remotes/`, whose stock script does what is not supported here.
    package init(_ request: Request, action: String) throws(DriverError) {
        self.request = request
        location = try request.message.location(Self.path)
        script = StockScript(action, request.installation)
    }

    /// Registers the image. Returns the reply `SOURCE FORMAT`, unless the stock script takes over.
    package func run(into open: () throws -> any Datastore) throws -> Reply {
        if let reason = try reasonForStockScript() { try leave(reason) }
        let datastore = try open()
        // oned reads two words.
        if let place = type(of: datastore).placeInput, request.message.words(place).count > 1 {
            throw request.message.invalid(
                place, "has a space in it, at which oned would cut an image's SOURCE",
                remedy: "mount or move the datastore to a path without spaces")
        }
        do {
            let done = try intake().run(into: datastore, from: source, log: request.log)
            warn(ofSize: done.image)
            return Reply("\(done.source) \(done.image.format)\n") { _ = try? datastore.remove(done.source) }
        } catch let reason as LeftToStockScript {
            try leave("\(reason)")
        }
    }

    /// Says if oned counts less for the image than its disk has: the stock `stat` takes the length of a file that is
    /// compressed in a way that it does not know. oned takes no other size from this action.
    private func warn(ofSize image: ImageDescription) {
        guard let stated = try? request.message.number(Self.size), !image.isEncrypted,
            image.virtualSize.megabytesRoundedUp > stated
        else { return }
        request.log.warning(
            "the image's disk has \(image.virtualSize.megabytesRoundedUp) MB, and oned counts \(stated) MB for it: "
                + "to correct that, bring in the decompressed file")
    }

    private func leave(_ reason: String) throws -> Never {
        request.log.info("\(reason): the stock script does it")
        try script.takeOver(request)
    }

    /// Returns the reason why the stock script has to do it, or nil if it need not.
    private func reasonForStockScript() throws(DriverError) -> String? {
        if try request.message.flag(Self.nfsAutoEnable) {
            return "NFS_AUTO_ENABLE is not served by this driver"
        }
        guard let scheme = location.scheme, !ImageSources.isKnown(location) else { return nil }
        return "\(scheme):// is not served by this driver"
    }

    private func source() throws -> any ImageSource {
        let allowed = try AllowedPaths(request)
        guard location.scheme != nil else { return try paced(allowed.open(location.text), request) }
        return try paced(allowed.open(remote: location, request) ?? ImageSources.open(location, request), request)
    }

    private func intake() throws(DriverError) -> ImageIntake {
        let message = request.message
        let isForFiles = message.value(Self.datastoreType) == Self.files
        let isDisk = !isForFiles && message.value(Self.imageType) != Self.cdrom
        let size = try message.number(Self.size).map { $0.multipliedReportingOverflow(by: 1 << 20) }
        return ImageIntake(
            id: "\(request.id)", name: message.value(Self.name) ?? "image \(request.id)",
            expected: try ImageDigests.expected(message, at: location),
            format: try message.optionalImageFormat(at: Self.format),
            decompresses: message.value(Self.noDecompress) == nil
                ? !isForFiles : !(try message.flag(Self.noDecompress)),
            converts: isDisk,
            statedSize: size.flatMap { $0.overflow ? nil : $0.partialValue })
    }
}
