import DriverProtocol
import HTTP
import Posix

/// An object that is read in order, several ranges of it at a time, all of one version: If-Match with its ETag, where
/// that is no weak one.
///
/// A range whose connection breaks is continued from there. Memory: ``Layout/window``.
///
/// One thread uses a download; lent bytes may be given back by any thread.
package final class ObjectDownload: @unchecked Sendable {
    /// The division of an object.
    struct Layout: Equatable {
        /// Bytes, at least and at most: see ``RangeWindow``.
        let rangeSizes: ClosedRange<UInt64>
        /// Ranges that are fetched at the same time.
        let concurrency: Int
        /// Bytes that are in memory at the same time: waiting to be read, or lent.
        let window: UInt64

        /// With a limit of so many bytes a second: one range after another, each no more than a quarter of a second's.
        init(rate: UInt64?) {
            let fixed = rate.map { min(4 << 20, max($0 / 4, 16 << 10)) }
            rangeSizes = (fixed ?? 4 << 20)...(fixed ?? 64 << 20)
            concurrency = rate == nil ? 4 : 1
            window = 10 << 20
        }
    }

    /// Bytes of the object, in memory until the last reference to this goes.
    package final class Lent: Sendable {
        package nonisolated(unsafe) let bytes: UnsafeRawBufferPointer
        private let giveBack: @Sendable () -> Void

        fileprivate init(_ bytes: UnsafeRawBufferPointer, giveBack: @escaping @Sendable () -> Void) {
            self.bytes = bytes
            self.giveBack = giveBack
        }

        deinit { giveBack() }
    }

    private let source: S3Address
    private let client: S3Client
    private let layout: Layout
    private var window: RangeWindow?
    private var threads: [Thread] = []
    private var object: S3Object?
    /// The bytes that are being read, and the number of those that have been read.
    private var current: Lent?
    private var consumed = 0

    /// Requests nothing yet.
    package init(_ client: S3Client, _ source: S3Address) {
        self.client = client
        self.source = source
        layout = Layout(rate: client.bandwidthLimit)
    }

    deinit {
        window?.cancel()
        for thread in threads { thread.join() }
    }

    /// Looks the object up, and returns its description. Throws if there is none.
    @discardableResult
    package func open() throws -> S3Object {
        if let object { return object }
        let object = try client.existing(source)
        self.object = object
        let window = RangeWindow(length: object.size, rangeSizes: layout.rangeSizes, capacity: layout.window)
        self.window = window
        threads = (0..<min(layout.concurrency, window.count)).map { _ in
            Thread { [client, source] in Self.work(client, source, object, window) }
        }
        return object
    }

    /// Reads some bytes. Returns their number, 0 at the end. Throws ``DriverError`` or `Interrupted`.
    package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        if current == nil { current = try fetched() }
        guard let current else { return 0 }
        let count = min(buffer.count, current.bytes.count - consumed)
        buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: current.bytes[consumed..<consumed + count]))
        consumed += count
        if consumed == current.bytes.count { self.current = nil }
        return count
    }

    /// Returns the next bytes in place, or nil at the end. Throws ``DriverError`` or `Interrupted`.
    package func lend() throws -> Lent? {
        guard let rest = current else { return try fetched() }
        current = nil
        return Lent(UnsafeRawBufferPointer(rebasing: rest.bytes[consumed...])) { _ = rest }
    }

    /// Returns the next bytes, or nil after the last ones.
    private func fetched() throws -> Lent? {
        try open()
        guard let window, let (start, bytes) = try window.lend() else { return nil }
        consumed = 0
        return Lent(bytes) { [window, count = bytes.count] in window.giveBack(start, count) }
    }

    private static func work(
        _ client: S3Client, _ source: S3Address, _ object: S3Object, _ window: RangeWindow
    ) {
        var pacer = client.bandwidthLimit.map { Pacer(rate: $0) }
        while let fetch = window.next() {
            let range = ObjectRange(fetch, of: object)
            do {
                try client.get(range, of: source) { !window.isCancelled }
                try pacer?.pause(after: range.length) { !window.isCancelled }
            } catch {
                range.fail(error)
            }
        }
    }
}
