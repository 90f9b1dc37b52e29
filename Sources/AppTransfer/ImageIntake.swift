import Checksums
import Datastores
import DriverProtocol
import ImageTransfer

/// Brings an image into a datastore: verifies, decompresses, converts and publishes it in one go. On any failure
/// nothing is left.
struct ImageIntake {
    /// oned's id of it: its file or its image in a pool is named after that.
    let id: String
    /// Whether it is an app that a person brings in, of which oned has no image.
    var isApp = false
    /// Its name in errors.
    let name: String
    /// The digests of the bytes that the source gives.
    let expected: ExpectedDigests
    /// The stated format; nil leaves it to be found in the content.
    let format: String?
    let decompresses: Bool
    /// Whether it may be converted into the datastore's format.
    let converts: Bool
    /// The stated size of the disk in bytes, for an image that stays compressed.
    var statedSize: UInt64?
    /// The bytes that it takes at least, as far as that is known before its source is opened.
    var leastSize: UInt64?

    /// An image that has been published.
    struct Result {
        let source: String
        /// Empty unless it is an app.
        let md5: String
        let image: ImageDescription
    }

    /// Brings the image into `datastore`.
    ///
    /// - Parameter open: opens the source, for which much may have to be fetched or built: only once the datastore is
    ///   known to take an image. An MD5 that the source knows counts if none is expected.
    func run(into datastore: any Datastore, from open: () throws -> any ImageSource, log: Log) throws -> Result {
        try startingOver(log) {
            let staged = try datastore.stage(
                NewImage(
                    id: id, isApp: isApp, format: format, needed: leastSize, staysCompressed: !decompresses,
                    isConvertible: converts))
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
        // oned asks for no MD5 of an image, but of an app: what is neither asked for nor compared is not digested.
        let checked = CheckedImage(staged, checkHead)
        let copied = try ImageCopy(
            source, expected: expected.filled(md5: source.md5), decompresses: decompresses, computesMD5: isApp, log: log
        ).run(into: checked)
        try checked.finish()
        let isCompressed = try !decompresses && staged.compression() != nil
        var image =
            try isCompressed ? compressedImage(staged, of: datastore) : staged.describe(format: format, name: name)
        var md5 = copied.stored[.md5]
        if converts || datastore.needsFormat, let wanted = datastore.format, wanted != image.format, !isCompressed,
            !image.isEncrypted
        {
            log.info("converting the image from \(image.format) to \(wanted)")
            md5 = try staged.convert(from: image.format, to: wanted, name: name, computesMD5: isApp)
            image = ImageDescription(format: wanted, virtualSize: image.virtualSize)
        }
        return Result(source: try staged.publish(), md5: md5 ?? "", image: image)
    }

    /// Throws a ``DriverError`` if the first bytes of an image show that it cannot be used, whatever follows.
    private func checkHead(_ head: [UInt8]) throws {
        if !decompresses && Compression(magic: head) != nil || ImageDescription.isEncrypted(head) { return }
        guard let format = format ?? QcowHeader(head).map({ _ in "qcow2" }) else { return }
        _ = try ImageDescription(format: format, head: head, length: 0, name: name)
    }

    /// Describes an image that stays compressed, by what has been stated of it.
    private func compressedImage(_ staged: any StagedImage, of datastore: any Datastore) -> ImageDescription {
        let format = datastore.needsFormat ? datastore.format : format
        return ImageDescription(format: format ?? "raw", virtualSize: max(statedSize ?? 0, staged.size))
    }
}
