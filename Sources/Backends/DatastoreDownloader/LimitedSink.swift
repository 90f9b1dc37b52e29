import ImageTransfer

/// A sink that passes a number of bytes on, and then ends the copy.
final class LimitedSink: ImageSink {
    /// Thrown when the last of the bytes has been passed on.
    struct Full: Error {}

    private let sink: any ImageSink
    private var rest: UInt64

    /// - Parameter limit: bytes.
    init(_ sink: any ImageSink, limit: UInt64) {
        self.sink = sink
        rest = limit
    }

    var name: String { sink.name }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        let part = bytes.prefix(Int(clamping: rest))
        try sink.write(UnsafeRawBufferPointer(rebasing: part))
        try count(UInt64(part.count))
    }

    func skip(_ count: UInt64) throws {
        let part = min(count, rest)
        try sink.skip(part)
        try self.count(part)
    }

    func publish() throws -> String { try sink.publish() }
    func discard() { sink.discard() }

    private func count(_ written: UInt64) throws {
        rest -= written
        if rest == 0 { throw Full() }
    }
}
