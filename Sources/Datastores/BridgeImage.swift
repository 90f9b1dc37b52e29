import DriverProtocol
import ImageTransfer
import Posix

/// An image on its way to a bridge host. What stays as it comes is sent there at once. What has to be converted is put
/// together in a file of this machine first, since qemu-img has to read it in an order of its own.
final class BridgeImage: StagedImage {
    /// How an image gets there. `needed` are the bytes for which there must be room, as far as that is known.
    struct Way {
        /// Begins the file on the host.
        let send: (_ needed: UInt64?) throws -> any ImageSink
        /// Begins a file of this machine, which is sent when it is published.
        let stage: (_ needed: UInt64?) throws -> StagedFile
    }

    let name: String
    private let way: Way
    /// The format that it is said to have; nil leaves it to its content.
    private let stated: String?
    /// The format that it has to be brought into; nil for any.
    private let wanted: String?
    private let staysCompressed: Bool
    private let undo: () -> Void
    private var needed: UInt64?
    private var file: StagedFile?
    private let bytes = LeadingBytes()
    private var isOver = false

    /// - Parameters:
    ///   - name: the datastore's directory.
    ///   - wanted: the datastore's format; nil for any.
    ///   - undo: takes back what had to be made for the file, after the file itself is gone.
    init(_ image: NewImage, name: String, wanted: String?, way: Way, undo: @escaping () -> Void) {
        self.name = name
        self.way = way
        self.wanted = image.isConvertible ? wanted : nil
        self.undo = undo
        (stated, needed, staysCompressed) = (image.format, image.needed, image.staysCompressed)
    }

    deinit {
        discard()
    }

    var size: UInt64 { bytes.size }

    /// Looks when the first bytes have come: they decide where the room has to be.
    func checkRoom(for needed: UInt64?) { self.needed = needed ?? self.needed }

    func write(_ bytes: UnsafeRawBufferPointer) throws { try self.bytes.write(bytes, choosing: destination) }
    func skip(_ count: UInt64) throws { try bytes.skip(count, choosing: destination) }

    private func destination(of head: [UInt8]) throws -> any ImageSink {
        if staysAsItIs(head) { return try way.send(needed) }
        let file = try way.stage(needed)
        self.file = file
        return file
    }

    private func staysAsItIs(_ head: [UInt8]) -> Bool {
        // Neither what stays compressed nor a LUKS disk is ever converted.
        if staysCompressed && Compression(magic: head) != nil || ImageDescription.isEncrypted(head) { return true }
        guard let format = format(of: head) else { return false }
        return wanted == nil || wanted == format
    }

    /// Returns the format of an image that begins with `head`, or nil if qemu-img has to look at all of it.
    private func format(of head: [UInt8]) -> String? {
        if ImageDescription.isEncrypted(head) { return "raw" }
        let format = stated ?? (ImageSignature.isNotRaw(head) ? QcowHeader(head).map { _ in "qcow2" } : "raw")
        return format == "raw" || format == "qcow2" ? format : nil
    }

    func compression() throws -> Compression? { try bytes.compression(choosing: destination) }

    func describe(format: String?, name: String) throws -> ImageDescription {
        _ = try bytes.begin(choosing: destination)
        if let file { return try file.describe(format: format, name: name) }
        let known = self.format(of: bytes.head) ?? "raw"
        return try ImageDescription(format: known, head: bytes.head, length: size, name: name)!
    }

    func convert(from format: String, to newFormat: String, name: String, computesMD5: Bool) throws -> String? {
        guard let file else { throw Self.isAlreadyInPlace(name, format) }
        return try file.convert(from: format, to: newFormat, name: name, computesMD5: computesMD5)
    }

    func publish() throws -> String {
        let source = joined(name, try bytes.begin(choosing: destination).publish())
        isOver = true
        return source
    }

    func discard() {
        guard !isOver else { return }
        isOver = true
        bytes.discard()
        undo()
    }
}
