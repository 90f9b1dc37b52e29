import Checksums
import ContainerImages
import Datastores
import DriverProtocol
import ImageTransfer

/// `datastore/*/cp`: an image that oned registers, from an app (its SOURCE is the image's PATH) or from a path or URL
/// of a user. The backend provides the datastore; the rest is the same for all backends.
package struct ImageRegistration {
    /// The elements that the message must have for this, beside those for the datastore.
    package static let inputs = [path]
    private static let path = "IMAGE/PATH"
    private static let template = "IMAGE/TEMPLATE/"
    private static let datastore = "DATASTORE/TEMPLATE/"
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
        if let place = type(of: datastore).placeAttribute, request.message.words(place).count > 1 {
            throw request.message.invalid(
                place, "has a blank in it, at which oned would cut an image's SOURCE",
                remedy: "mount or move the datastore to a path without blanks")
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
        guard let stated = try? request.message.number("IMAGE/SIZE"), !image.isEncrypted,
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
        if try request.message.flag(Self.datastore + "NFS_AUTO_ENABLE", default: false) {
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
        let isForFiles = message.value("DATASTORE/TYPE") == Self.files
        let isDisk = !isForFiles && message.value("IMAGE/TYPE") != Self.cdrom
        let size = try message.number("IMAGE/SIZE").map { $0.multipliedReportingOverflow(by: 1 << 20) }
        return ImageIntake(
            id: "\(request.id)", name: message.value("IMAGE/NAME") ?? "image \(request.id)",
            expected: try expectedDigests(ofImage: message, at: location),
            format: try optionalImageFormat(message, at: Self.template + "FORMAT"),
            decompresses: !(try message.flag(Self.datastore + "NO_DECOMPRESS", default: isForFiles)), converts: isDisk,
            statedSize: size.flatMap { $0.overflow ? nil : $0.partialValue })
    }
}

/// Returns the digests that the user and the app state for the message's image at `location`. Those of a container's
/// app are not of the image: its source verifies what it is built from. Throws a ``DriverError`` if one is no digest,
/// or two contradict each other.
package func expectedDigests(ofImage message: Message, at location: Location) throws(DriverError) -> ExpectedDigests {
    let template = "IMAGE/TEMPLATE/"
    guard !location.text.hasPrefix(ContainerImage.scheme) else { return ExpectedDigests() }
    let own = try ExpectedDigests(
        message, md5: template + "MD5", sha1: template + "SHA1", sha256: template + "SHA256")
    let app = try ExpectedDigests(message, md5: template + "FROM_APP_MD5")
    return try own.union(app, of: "the image \(quoted(location))")
}
