import ImageTransfer

/// The way of an image's bytes to the sink that the first of them choose.
final class LeadingBytes {
    /// Returns the sink of an image that begins with such bytes.
    typealias Choice = ([UInt8]) throws -> any ImageSink

    /// The bytes that are looked at before the sink is chosen: an archive's first file may come behind directories and
    /// their attributes.
    private static let wanted = 4096

    private var destination: (any ImageSink)?
    /// The image's first bytes, as far as they have come.
    private(set) var head: [UInt8] = []
    /// The number of bytes that have come, holes included.
    private(set) var size: UInt64 = 0

    func write(_ bytes: UnsafeRawBufferPointer, choosing choose: Choice) throws {
        size = size.addingClamped(UInt64(bytes.count))
        if let destination { return try destination.write(bytes) }
        head += bytes
        if head.count >= Self.wanted { _ = try begin(choosing: choose) }
    }

    func skip(_ count: UInt64, choosing choose: Choice) throws {
        size = size.addingClamped(count)
        if let destination { return try destination.skip(count) }
        let zeros = Int(min(count, UInt64(Self.wanted)))
        head += [UInt8](repeating: 0, count: zeros)
        if head.count >= Self.wanted { try begin(choosing: choose).skip(count - UInt64(zeros)) }
    }

    /// Chooses the sink by the bytes that have come, if that is not done yet, and hands these on. Returns the sink.
    func begin(choosing choose: Choice) throws -> any ImageSink {
        if let destination { return destination }
        let destination = try choose(head)
        self.destination = destination
        try head.withUnsafeBytes { try destination.write($0) }
        head.removeSubrange(min(head.count, Self.wanted)...)
        return destination
    }

    /// Returns the compression of the bytes, by the first of them, or nil if they have none.
    func compression(choosing choose: Choice) throws -> Compression? {
        _ = try begin(choosing: choose)
        return Compression(magic: head)
    }

    /// Drops the sink.
    func discard() {
        destination?.discard()
        destination = nil
    }
}
