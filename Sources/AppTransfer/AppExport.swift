import Checksums
import Datastores
import DriverProtocol
import HTTP
import ImageTransfer

/// `market/*/export`: brings an app's image into the datastore of the message. The backend provides the image's source;
/// the rest is the same for all backends.
package struct AppExport {
    /// What is read of the datastore, unless the image goes into a file. oned writes the required elements for every kind
    /// of datastore.
    package static let datastoreInputs =
        DirectoryDatastore.inputs + [.datastoreDriver] + CephDatastore.ownInputs + [noDecompress]
        + HTTPOptions.datastoreInputs
    /// What is read of the app, beside its SOURCE.
    package static let inputs = [.appID, .appName, size, format, md5, sha256, fileSize]
    private static let size = Input.optional("MARKETPLACEAPP/SIZE", "Size of the disk in MB.")
    private static let format = Input.optional(
        "MARKETPLACEAPP/FORMAT", "Format of the image: `raw`, `qcow2`, …", otherwise: "detected")
    private static let md5 = Input.optional("MARKETPLACEAPP/MD5", "Expected MD5 of the source file.")
    private static let sha256 = Input.optional("MARKETPLACEAPP/TEMPLATE/SHA256", "Expected SHA-256 of the source file.")
    private static let fileSize = Input.optional(
        "MARKETPLACEAPP/TEMPLATE/FILE_SIZE", "Size of the file in bytes, as the catalog states it.")
    private static let noDecompress = Input.optional(
        "DATASTORE/TEMPLATE/NO_DECOMPRESS", default: "NO",
        "`YES` keeps a compressed image compressed. It is not converted.")

    private let datastore: any Datastore
    private let intake: ImageIntake
    private let log: Log

    /// Reads the datastore's and the app's attributes. Throws a ``DriverError`` that names one with a bad value.
    ///
    /// - Parameter isVerified: whether the app's checksums are those of the bytes that the source gives. If they are
    ///   not, the source has to verify what it is made of.
    package init(_ request: Request, isVerified: Bool = true) throws(DriverError) {
        let message = request.message
        let id = message.value(.appID) ?? "\(request.id)"
        log = request.log
        if let path = request.target {
            datastore = try PlainFile(path, log: log)
        } else {
            datastore = try Datastores.datastore(request)
        }
        let size = try message.number(Self.size).map { $0.multipliedReportingOverflow(by: 1 << 20) }
        intake = ImageIntake(
            id: id, isApp: true, name: message.value(.appName) ?? "app \(id)",
            expected: !isVerified
                ? ExpectedDigests()
                : try ExpectedDigests(message, md5: Self.md5, sha256: Self.sha256),
            format: try message.optionalImageFormat(at: Self.format),
            decompresses: !(try message.flag(Self.noDecompress)), converts: true,
            statedSize: size.flatMap { $0.overflow ? nil : $0.partialValue },
            // The length of the file, according to the catalog.
            leastSize: message.value(Self.fileSize).flatMap { UInt64($0) })
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
