import Checksums
import DriverProtocol
import ImageTransfer

/// An image on its way into a pool. Raw bytes go straight there. Those of another format are put together in a file of
/// this machine first, since qemu-img has to read them in an order of its own.
final class CephImage: StagedImage {
    private let sink: RBDSink
    private let format: String?
    private let stagingDirectory: String
    private let log: Log
    private let bytes = LeadingBytes()
    /// Bytes of another format than raw.
    private var file: StagedFile?
    private var isInPlace = false

    /// - Parameter format: the one that it is said to have; nil leaves it to its content.
    init(_ sink: RBDSink, format: String?, stagingDirectory: String, log: Log) {
        self.sink = sink
        self.format = format
        self.stagingDirectory = stagingDirectory
        self.log = log
    }

    deinit {
        discard()
    }

    var name: String { sink.name }
    var size: UInt64 { bytes.size }

    func checkRoom(for needed: UInt64?) throws { try sink.checkRoom(for: needed) }

    // MARK: Bytes

    func write(_ bytes: UnsafeRawBufferPointer) throws { try self.bytes.write(bytes, choosing: destination) }
    func skip(_ count: UInt64) throws { try bytes.skip(count, choosing: destination) }

    /// Decides by its first bytes whether it goes straight into the pool.
    private func destination(of head: [UInt8]) throws -> any ImageSink {
        // The stock script takes all that gzip has packed for a backup, whatever NO_DECOMPRESS says.
        let plainHead = try Compression(magic: head) == .gzip ? Compression.gunzipped(head: head) : head
        if ImageSignature.isCephBackup(plainHead) {
            throw LeftToStockScript("the image is a backup of a Ceph datastore")
        }
        let isRaw = format.map { $0 == "raw" } ?? !ImageSignature.isNotRaw(head)
        if !isRaw { file = try makeFile() }
        return file ?? sink
    }

    private func makeFile() throws -> StagedFile {
        let staging = LocalDirectory(path: stagingDirectory, log: log)
        let names = ImageNames()
        return StagedFile(try staging.makeSink(names, mode: 0o600, needing: nil), log: log) { _ in "" }
    }

    // MARK: What it is

    func compression() throws -> Compression? { try bytes.compression(choosing: destination) }

    func describe(format: String?, name: String) throws -> ImageDescription {
        _ = try bytes.begin(choosing: destination)
        if let file { return try file.describe(format: format, name: name) }
        return try ImageDescription(format: "raw", head: bytes.head, length: size, name: name)!
    }

    // MARK: Into the pool

    func convert(from format: String, to newFormat: String, name: String, computesMD5: Bool) throws -> String? {
        guard let file else { throw Self.isAlreadyInPlace(name, format) }
        return try send(DiskSource(path: file.path, format: format, name: name), computesMD5: computesMD5)
    }

    /// Copies what is staged into the pool. Returns the MD5 of that, or nil if it is not computed.
    private func send(_ source: any ImageSource, computesMD5: Bool) throws -> String? {
        try sink.checkRoom(for: source.storageSize)
        let copied = try ImageCopy(source, expected: ExpectedDigests(), computesMD5: computesMD5, log: log)
            .run(into: sink)
        isInPlace = true
        return copied.stored[.md5]
    }

    func publish() throws -> String {
        _ = try bytes.begin(choosing: destination)
        if let file, !isInPlace { _ = try send(FileSource(path: file.path), computesMD5: false) }
        file?.discard()
        return try sink.publish()
    }

    func discard() {
        file?.discard()
        sink.discard()
    }
}
