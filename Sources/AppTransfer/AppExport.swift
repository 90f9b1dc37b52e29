import Checksums
import DriverProtocol
import Glibc
import ImageTransfer
import Posix

/// `market/*/export`: brings an app's image into the datastore of the message. The backend says where the image comes
/// from; everything behind that is the same for all of them.
///
/// The image is verified, decompressed, brought into the datastore's format and put in place in one go; on any failure
/// nothing is left.
public struct AppExport {
    /// What the message must have beside what the backend needs.
    public static let inputs = ["DATASTORE/BASE_PATH", "DATASTORE/DS_MAD"]
    private static let mode: UInt32 = 0o660

    private let request: Request
    private let basePath: String
    private let bridge: BridgeHosts?
    private let expected: ExpectedDigests
    /// The app's format as oned has it; nil where that is unknown.
    private let format: String?
    /// The datastore's own format, where images are to be brought into it.
    private let wantedFormat: String?
    private let decompresses: Bool

    /// Reads the datastore's and the app's attributes. Throws a ``DriverError`` that names one with a bad value.
    ///
    /// - Parameter isVerified: whether the app's checksums are those of the bytes that the source gives. Where they are
    ///   not, the source has to verify what it is made of.
    public init(_ request: Request, isVerified: Bool = true) throws(DriverError) {
        let message = request.message
        self.request = request
        let driver = try message.required("DATASTORE/DS_MAD")
        guard driver == "fs" else {
            throw message.invalid(
                "DATASTORE/DS_MAD", "is no datastore that apps can be brought into", remedy: "use one of DS_MAD fs")
        }
        basePath = try message.required("DATASTORE/BASE_PATH")
        guard basePath.hasPrefix("/") else {
            throw message.invalid("DATASTORE/BASE_PATH", "is no absolute path", remedy: "begin it with /")
        }
        bridge = try BridgeHosts(request, at: "DATASTORE/TEMPLATE/BRIDGE_LIST")
        expected =
            try !isVerified
            ? ExpectedDigests()
            : ExpectedDigests(
                message, md5: "MARKETPLACEAPP/MD5", sha256: "MARKETPLACEAPP/TEMPLATE/SHA256")
        format = try Self.format(message, "MARKETPLACEAPP/FORMAT")
        let converts = try message.flag("DATASTORE/TEMPLATE/CONVERT", default: true)
        wantedFormat = converts ? try Self.format(message, "DATASTORE/TEMPLATE/DRIVER") : nil
        decompresses = !(try message.flag("DATASTORE/TEMPLATE/NO_DECOMPRESS", default: false))
    }

    private static func format(_ message: Message, _ path: String) throws(DriverError) -> String? {
        guard message.value(path) != nil else { return nil }
        return try imageFormat(message, at: path)
    }

    /// Does it, and answers where the image lies now.
    ///
    /// - Parameter md5: the MD5 that the source's own server knows, which counts where the app has none.
    public func run(from source: any ImageSource, md5: String? = nil) throws -> Reply {
        let madeDirectory = try makeDirectory()
        do {
            return try bring(source, expected.filled(md5: md5))
        } catch {
            // Only an empty directory goes: another export may have begun meanwhile.
            if madeDirectory { rmdir(basePath) }
            throw error
        }
    }

    private func bring(_ source: any ImageSource, _ expected: ExpectedDigests) throws -> Reply {
        let staging = LocalDirectory(path: bridge == nil ? basePath : request.settings.stagingDirectory)
        let file = try staging.makeFileSink(needing: source.storageSize)
        let copied = try ImageCopy(source, expected: expected, decompresses: decompresses, log: request.log)
            .run(into: file)
        try file.finishLength()
        let isCompressed = try !decompresses && Compression(magic: file.head(QcowHeader.size)) != nil
        let image = try isCompressed ? compressedImage(file) : describe(file)
        guard let wantedFormat, wantedFormat != image.format, !isCompressed else {
            return try publish(file, image, md5: copied.stored[.md5] ?? "")
        }
        request.log.info("converting the image from \(image.format) to \(wantedFormat)")
        let converted = try convert(file, image, to: wantedFormat)
        return try publish(
            converted.file, ImageDescription(format: wantedFormat, virtualSize: image.virtualSize), md5: converted.md5)
    }

    /// Makes the datastore's directory on this machine, as the stock drivers do: a new datastore's first image finds
    /// none. Whether it was not there before.
    private func makeDirectory() throws -> Bool {
        guard bridge == nil else { return false }
        if mkdir(basePath, 0o750) == 0 { return true }
        guard errno == EEXIST else {
            throw DriverError("make", "the datastore's directory \(quoted(basePath))", SystemError("mkdir", basePath))
        }
        return false
    }

    /// An image that NO_DECOMPRESS keeps compressed: what is in it is known from the app alone.
    private func compressedImage(_ file: FileSink) throws -> ImageDescription {
        let size = try request.message.number("MARKETPLACEAPP/SIZE").map { $0.multipliedReportingOverflow(by: 1 << 20) }
        let known = size.flatMap { $0.overflow ? nil : $0.partialValue } ?? 0
        return ImageDescription(format: format ?? "raw", virtualSize: max(known, file.size))
    }

    private func describe(_ file: FileSink) throws -> ImageDescription {
        let name = request.message.value("MARKETPLACEAPP/NAME") ?? file.name
        guard let format else { return try QemuImage.describe(file.path, format: nil, name: name) }
        let known = try ImageDescription(
            format: format, head: try file.head(QcowHeader.size), length: file.size, name: name)
        return try known ?? QemuImage.describe(file.path, format: format, name: name)
    }

    /// The image in another format, in a new hidden file, with its MD5.
    private func convert(
        _ file: FileSink, _ image: ImageDescription, to format: String
    ) throws -> (file: FileSink, md5: String) {
        let target = try FileSink(convertedFrom: file)
        try QemuImage.convert(file.path, from: image.format, to: target.path, in: format)
        return (target, try Digest(.md5).finish(reading: FileSource(path: target.path), log: request.log))
    }

    private func publish(_ file: FileSink, _ image: ImageDescription, md5: String) throws -> Reply {
        let names = imageNames(id: request.message.value("MARKETPLACEAPP/ID") ?? "\(request.id)", epoch: time(nil))
        let name: String
        if let bridge {
            let source = try FileSource(path: file.path)
            let remote = try imageDirectory(basePath, bridge: bridge).makeSink(needing: source.storageSize)
            _ = try ImageCopy(source, expected: ExpectedDigests(), log: request.log).run(into: remote)
            name = try remote.publish(as: names, mode: Self.mode)
            file.discard()
        } else {
            name = try file.publish(as: names, mode: Self.mode)
        }
        return Reply(
            source: joined(basePath, name), md5: md5, size: megabytes(roundingUp: image.virtualSize),
            format: image.format
        ) { [basePath, bridge] in
            _ = try? imageDirectory(basePath, bridge: bridge).remove(name)
        }
    }
}
