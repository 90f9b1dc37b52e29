import Checksums
import DriverProtocol
import ImageTransfer

/// An image that is put together in a hidden file of this machine, whose path programs can be given.
package final class StagedFile: StagedImage {
    private var file: FileSink
    /// Kept once it has been converted: its lock guards the file that has taken its place.
    private var original: FileSink?
    private let log: Log
    private let undo: () -> Void
    private let place: (FileSink) throws -> String
    private var isOver = false

    /// - Parameters:
    ///   - undo: takes back what had to be made for the file, after the file itself is gone.
    ///   - place: brings the finished file into the datastore, and returns its SOURCE.
    init(
        _ file: FileSink, log: Log, undo: @escaping () -> Void = {}, place: @escaping (FileSink) throws -> String
    ) {
        self.file = file
        self.log = log
        self.undo = undo
        self.place = place
    }

    deinit {
        discard()
    }

    package var name: String { file.name }
    package var size: UInt64 { file.size }

    package func checkRoom(for needed: UInt64?) throws {
        try LocalDirectory(path: file.name, log: log).checkRoom(for: needed)
    }

    package func write(_ bytes: UnsafeRawBufferPointer) throws { try file.write(bytes) }
    package func skip(_ count: UInt64) throws { try file.skip(count) }

    package func compression() throws -> Compression? { try Compression(magic: file.head(QcowHeader.size)) }

    package func describe(format: String?, name: String) throws -> ImageDescription {
        try file.finishLength()
        if let encrypted = try encrypted() { return encrypted }
        guard let format else { return try QemuImage.describe(file.path, format: nil, name: name) }
        let known = try ImageDescription(
            format: format, head: try file.head(QcowHeader.size), length: file.size, name: name)
        return try known ?? QemuImage.describe(file.path, format: format, name: name)
    }

    /// Describes a LUKS disk, which qemu-img would call a format of its own, or returns nil if it is none.
    private func encrypted() throws -> ImageDescription? {
        let raw = try ImageDescription(
            format: "raw", head: file.head(QcowHeader.size), length: file.size, name: file.name)
        return raw?.isEncrypted == true ? raw : nil
    }

    package func convert(
        from format: String, to newFormat: String, name: String, computesMD5: Bool
    ) throws -> String? {
        let target = try FileSink(convertedFrom: file)
        try QemuImage.convert(file.path, from: format, to: target.path, in: newFormat, name: name)
        let md5 = computesMD5 ? try Digest(.md5).finish(reading: FileSource(path: target.path), log: log) : nil
        original = file
        file = target
        return md5
    }

    /// Its path until then.
    var path: String { file.path }

    package func publish() throws -> String {
        let source = try place(file)
        isOver = true
        original?.discard()
        return source
    }

    package func discard() {
        guard !isOver else { return }
        isOver = true
        file.discard()
        original?.discard()
        undo()
    }
}
