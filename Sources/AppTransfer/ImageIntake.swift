import Checksums
import Datastores
import DriverProtocol
import ImageTransfer

/// An image on its way into a datastore: verified, decompressed, brought into the datastore's format and put in place in
/// one go. On any failure nothing is left.
struct ImageIntake {
    /// What oned calls it: its file or its image in a pool is named after that.
    let id: String
    /// What errors call it.
    let name: String
    /// The digests of the bytes as the source has them.
    let expected: ExpectedDigests
    /// The format that it is said to have; nil leaves it to its content.
    let format: String?
    let decompresses: Bool
    /// Whether it may be brought into the datastore's format.
    let converts: Bool
    /// The size in bytes of the disk that it is said to hold, for an image that stays compressed.
    var statedSize: UInt64?
    /// Bytes that it takes at the least, as far as that is known before its source is opened.
    var leastSize: UInt64?

    /// An image that is in its place.
    struct Result {
        let source: String
        let md5: String
        let image: ImageDescription
    }

    /// Brings the image into `datastore`.
    ///
    /// - Parameter open: opens the source, for which much may have to be fetched or built: only once the datastore is
    ///   known to take an image. An MD5 that the source knows counts if none is expected.
    func run(into datastore: any Datastore, from open: () throws -> any ImageSource, log: Log) throws -> Result {
        try startingOver(log) {
            let staged = try datastore.stage(id: id, needing: leastSize)
            do {
                return try bring(open(), into: staged, of: datastore, log)
            } catch {
                staged.discard()
                throw error
            }
        }
    }

    private func bring(
        _ source: any ImageSource, into staged: any StagedImage, of datastore: any Datastore, _ log: Log
    ) throws -> Result {
        try staged.checkRoom(for: source.storageSize)
        let copied = try ImageCopy(
            source, expected: expected.filled(md5: source.md5), decompresses: decompresses, log: log
        ).run(into: staged)
        let isCompressed = try !decompresses && staged.compression() != nil
        var image = try isCompressed ? compressedImage(staged) : staged.describe(format: format, name: name)
        var md5 = copied.stored[.md5] ?? ""
        if converts, let wanted = datastore.format, wanted != image.format, !isCompressed, !image.isEncrypted {
            log.info("converting the image from \(image.format) to \(wanted)")
            md5 = try staged.convert(from: image.format, to: wanted)
            image = ImageDescription(format: wanted, virtualSize: image.virtualSize)
        }
        return Result(source: try staged.publish(), md5: md5, image: image)
    }

    /// An image that stays compressed: what is in it is known from elsewhere alone.
    private func compressedImage(_ staged: any StagedImage) -> ImageDescription {
        ImageDescription(format: format ?? "raw", virtualSize: max(statedSize ?? 0, staged.size))
    }
}
