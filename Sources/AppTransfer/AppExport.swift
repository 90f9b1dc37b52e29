import Checksums
import Datastores
import DriverProtocol
import ImageTransfer

/// `market/*/export`: brings an app's image into the datastore of the message. The backend says where the image comes
/// from; everything behind that is the same for all of them.
///
/// The image is verified, decompressed, brought into the datastore's format and put in place in one go; on any failure
/// nothing is left.
public struct AppExport {
    /// What the message must have beside what the backend needs. oned writes both for every kind of datastore.
    public static let inputs = ["DATASTORE/BASE_PATH", "DATASTORE/DS_MAD"]

    private let request: Request
    private let datastore: any Datastore
    private let expected: ExpectedDigests
    /// The app's format as oned has it; nil if that is unknown.
    private let format: String?
    private let decompresses: Bool

    /// Reads the datastore's and the app's attributes. Throws a ``DriverError`` that names one with a bad value.
    ///
    /// - Parameter isVerified: whether the app's checksums are those of the bytes that the source gives. If they are not,
    ///   the source has to verify what it is made of.
    public init(_ request: Request, isVerified: Bool = true) throws(DriverError) {
        let message = request.message
        self.request = request
        datastore = try Datastores.datastore(request)
        expected =
            try !isVerified
            ? ExpectedDigests()
            : ExpectedDigests(
                message, md5: "MARKETPLACEAPP/MD5", sha256: "MARKETPLACEAPP/TEMPLATE/SHA256")
        format = try optionalImageFormat(message, at: "MARKETPLACEAPP/FORMAT")
        decompresses = !(try message.flag("DATASTORE/TEMPLATE/NO_DECOMPRESS", default: false))
    }

    /// Does it, and returns where the image lies now.
    ///
    /// - Parameter open: opens the app's image, for which much may have to be fetched or built: only once the datastore is
    ///   known to take one. An MD5 that the source knows counts if the app has none.
    public func run(from open: () throws -> any ImageSource) throws -> Reply {
        let id = request.message.value("MARKETPLACEAPP/ID") ?? "\(request.id)"
        let staged = try datastore.stage(id: id, needing: leastSize)
        do {
            return try bring(open(), into: staged)
        } catch {
            staged.discard()
            throw error
        }
    }

    /// Bytes that the image takes at the least, as far as the catalog knows: those that its server sends.
    private var leastSize: UInt64? { request.message.value("MARKETPLACEAPP/TEMPLATE/FILE_SIZE").flatMap { UInt64($0) } }

    private func bring(_ source: any ImageSource, into staged: any StagedImage) throws -> Reply {
        try staged.checkRoom(for: source.storageSize)
        let copied = try ImageCopy(
            source, expected: expected.filled(md5: source.md5), decompresses: decompresses, log: request.log
        ).run(into: staged)
        let isCompressed = try !decompresses && staged.compression() != nil
        var image = try isCompressed ? compressedImage(staged) : describe(staged)
        var md5 = copied.stored[.md5] ?? ""
        if let wanted = datastore.format, wanted != image.format, !isCompressed {
            request.log.info("converting the image from \(image.format) to \(wanted)")
            md5 = try staged.convert(from: image.format, to: wanted)
            image = ImageDescription(format: wanted, virtualSize: image.virtualSize)
        }
        let place = try staged.publish()
        return Reply(
            source: place, md5: md5, size: megabytes(roundingUp: image.virtualSize), format: image.format
        ) { [datastore] in
            _ = try? datastore.remove(place)
        }
    }

    /// An image that NO_DECOMPRESS keeps compressed: what is in it is known from the app alone.
    private func compressedImage(_ staged: any StagedImage) throws -> ImageDescription {
        let size = try request.message.number("MARKETPLACEAPP/SIZE").map { $0.multipliedReportingOverflow(by: 1 << 20) }
        let known = size.flatMap { $0.overflow ? nil : $0.partialValue } ?? 0
        return ImageDescription(format: format ?? "raw", virtualSize: max(known, staged.size))
    }

    private func describe(_ staged: any StagedImage) throws -> ImageDescription {
        try staged.describe(format: format, name: request.message.value("MARKETPLACEAPP/NAME") ?? staged.name)
    }
}
