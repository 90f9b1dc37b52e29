import Checksums
import Datastores
import DriverProtocol
import ImageTransfer

/// `market/*/export`: brings an app's image into the datastore of the message. The backend provides the image's source;
/// the rest is the same for all backends.
package struct AppExport {
    /// The elements that the message must have for this, beside those for the backend, unless the image goes into a
    /// file. oned writes both for every kind of datastore.
    package static let inputs = ["DATASTORE/BASE_PATH", "DATASTORE/DS_MAD"]

    private let datastore: any Datastore
    private let intake: ImageIntake
    private let log: Log

    /// Reads the datastore's and the app's attributes. Throws a ``DriverError`` that names one with a bad value.
    ///
    /// - Parameter isVerified: whether the app's checksums are those of the bytes that the source gives. If they are
    ///   not, the source has to verify what it is made of.
    package init(_ request: Request, isVerified: Bool = true) throws(DriverError) {
        let message = request.message
        let id = message.value("MARKETPLACEAPP/ID") ?? "\(request.id)"
        log = request.log
        if let path = request.target {
            datastore = try PlainFile(path, log: log)
        } else {
            datastore = try Datastores.datastore(request)
        }
        let size = try message.number("MARKETPLACEAPP/SIZE").map { $0.multipliedReportingOverflow(by: 1 << 20) }
        intake = ImageIntake(
            id: id, isApp: true, name: message.value("MARKETPLACEAPP/NAME") ?? "app \(id)",
            expected: !isVerified
                ? ExpectedDigests()
                : try ExpectedDigests(message, md5: "MARKETPLACEAPP/MD5", sha256: "MARKETPLACEAPP/TEMPLATE/SHA256"),
            format: try message.optionalImageFormat(at: "MARKETPLACEAPP/FORMAT"),
            decompresses: !(try message.flag("DATASTORE/TEMPLATE/NO_DECOMPRESS", default: false)), converts: true,
            statedSize: size.flatMap { $0.overflow ? nil : $0.partialValue },
            // The length of the file, according to the catalog.
            leastSize: message.value("MARKETPLACEAPP/TEMPLATE/FILE_SIZE").flatMap { UInt64($0) })
    }

    /// Brings the image into the datastore. Returns the action's reply.
    ///
    /// - Parameter open: opens the app's image, for which much may have to be fetched or built: only once the datastore
    ///   is known to take one. An MD5 that the source knows counts if the app has none.
    package func run(from open: () throws -> any ImageSource) throws -> Reply {
        let done: ImageIntake.Result
        do {
            done = try intake.run(into: datastore, from: open, log: log)
        } catch let reason as LeftToStockScript {
            throw DriverError(
                "use", "the app's image", cause: "\(reason)",
                remedy: "bring it in by onemarketapp export, or as an image")
        }
        return Reply(
            source: done.source, md5: done.md5, size: done.image.virtualSize.megabytesRoundedUp,
            format: done.image.format
        ) { [datastore] in
            _ = try? datastore.remove(done.source)
        }
    }
}
