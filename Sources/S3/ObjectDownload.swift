import DriverProtocol
import HTTP
import Posix

/// An object that is read in order, several ranges of it at a time, all of one version: If-Match with its ETag.
///
/// A range whose connection breaks is asked for again by itself. Memory: ``Layout/buffers`` ranges.
///
/// One thread uses a download, except for ``cancel()``; what is lent may be given back by any thread.
public final class ObjectDownload: @unchecked Sendable {
    /// How an object is divided.
    struct Layout: Equatable {
        /// Bytes.
        let rangeSize: UInt64
        /// Ranges that are fetched at the same time.
        let concurrency: Int
        /// Ranges that are in memory at the same time: on their way, waiting, or lent.
        let buffers: Int

        /// With a limit of so many bytes a second: one range after another, each no more than a quarter of a second's.
        init(rate: UInt64?) {
            rangeSize = min(2 << 20, rate.map { max($0 / 4, 16 << 10) } ?? .max)
            concurrency = rate == nil ? 4 : 1
            buffers = 6
        }
    }

    /// Bytes of the object, in memory until the last reference to this goes.
    public final class Lent: Sendable {
        public nonisolated(unsafe) let bytes: UnsafeRawBufferPointer
        private let giveBack: @Sendable () -> Void

        fileprivate init(_ bytes: UnsafeRawBufferPointer, giveBack: @escaping @Sendable () -> Void) {
            self.bytes = bytes
            self.giveBack = giveBack
        }

        deinit { giveBack() }
    }

    public let bucket: String
    public let key: String
    private let client: S3Client
    private let layout: Layout
    private var ranges: RangeQueue?
    private var threads: [Thread] = []
    private var object: S3Object?
    /// The range that is read, and how much of it has been read.
    private var current: Lent?
    private var consumed = 0
    private var delivered: UInt64 = 0

    /// Asks for nothing yet.
    public init(_ client: S3Client, bucket: String, key: String) {
        self.client = client
        self.bucket = bucket
        self.key = key
        layout = Layout(rate: client.bandwidthLimit)
    }

    deinit {
        cancel()
        for thread in threads { thread.join() }
    }

    /// What errors call it.
    public var name: String { client.name(bucket: bucket, key: key) }

    /// Looks the object up, and answers what it is. Throws where there is none.
    @discardableResult
    public func open() throws -> S3Object {
        if let object { return object }
        let object = try client.existing(bucket: bucket, key: key)
        self.object = object
        let ranges = RangeQueue(length: object.size, rangeSize: layout.rangeSize, buffers: layout.buffers)
        self.ranges = ranges
        threads = (0..<min(layout.concurrency, ranges.count)).map { _ in
            Thread { [client, bucket, key] in Self.work(client, bucket, key, object, ranges) }
        }
        return object
    }

    /// Reads some bytes: their number, 0 at the end. Throws ``DriverError`` or `Interrupted`.
    public func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        if current == nil { current = try fetched() }
        guard let current else { return 0 }
        let count = min(buffer.count, current.bytes.count - consumed)
        buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: current.bytes[consumed..<consumed + count]))
        consumed += count
        if consumed == current.bytes.count { self.current = nil }
        return count
    }

    /// The next bytes where they lie, nil at the end. Throws ``DriverError`` or `Interrupted`.
    public func lend() throws -> Lent? {
        guard let rest = current else { return try fetched() }
        current = nil
        return Lent(UnsafeRawBufferPointer(rebasing: rest.bytes[consumed...])) { _ = rest }
    }

    /// The next range, nil behind the last one.
    private func fetched() throws -> Lent? {
        let object = try open()
        guard let ranges, delivered < object.size else { return nil }
        guard let range = try ranges.range(at: Int(delivered / layout.rangeSize)) else {
            throw DriverError("download", name, cause: "it was closed", remedy: "open it again")
        }
        consumed = 0
        delivered += UInt64(range.length)
        let bytes = UnsafeRawBufferPointer(rebasing: range.buffer[..<range.length])
        return Lent(bytes) { [ranges] in ranges.giveBack(range) }
    }

    /// Ends what is under way. Any thread may call it.
    public func cancel() {
        ranges?.cancel()
    }

    private static func work(
        _ client: S3Client, _ bucket: String, _ key: String, _ object: S3Object, _ ranges: RangeQueue
    ) {
        var pacer = client.bandwidthLimit.map { Pacer(rate: $0) }
        while let range = ranges.next() {
            do {
                try client.get(
                    bucket: bucket, key: key, etag: object.etag, offset: range.offset,
                    into: UnsafeMutableRawBufferPointer(rebasing: range.buffer[..<range.length]),
                    goOn: { !ranges.isCancelled })
                try pacer?.pause(after: range.length) { !ranges.isCancelled }
                ranges.finish(range, nil)
            } catch {
                ranges.finish(range, error)
            }
        }
    }
}
