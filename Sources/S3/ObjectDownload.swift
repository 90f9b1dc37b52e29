import DriverProtocol
import Posix

/// An object that is read in order, several ranges of it at a time, all of one version: If-Match with its ETag.
///
/// A range whose connection breaks is asked for again by itself. Memory: ``concurrency`` ranges of ``rangeSize``.
///
/// One thread uses a download, except for ``cancel()``.
public final class ObjectDownload: @unchecked Sendable {
    /// Bytes.
    static let rangeSize: UInt64 = 2 << 20
    static let concurrency = 4

    private enum Arrival {
        case range(UnsafeMutableRawBufferPointer, Int)
        case failed(any Error)
    }

    private struct State {
        /// The next range that nobody fetches yet.
        var next = 0
        /// The range that is read, or will be read next.
        var reading = 0
        var arrived: [Int: Arrival] = [:]
        var free: [UnsafeMutableRawBufferPointer] = []
        var isCancelled = false
    }

    public let bucket: String
    public let key: String
    private let client: S3Client
    private let state = Posix.Monitor(State())
    private var threads: [Thread] = []
    private var object: S3Object?
    private var consumed = 0
    private var delivered: UInt64 = 0

    /// Asks for nothing yet.
    public init(_ client: S3Client, bucket: String, key: String) {
        self.client = client
        self.bucket = bucket
        self.key = key
    }

    deinit {
        cancel()
        for thread in threads { thread.join() }
        let buffers = state.update { state in
            state.free
                + state.arrived.values.compactMap { arrival in
                    if case .range(let buffer, _) = arrival { buffer } else { nil }
                }
        }
        for buffer in buffers { buffer.deallocate() }
    }

    /// What errors call it.
    public var name: String { client.name(bucket: bucket, key: key) }

    /// Looks the object up, and answers what it is. Throws where there is none.
    @discardableResult
    public func open() throws -> S3Object {
        if let object { return object }
        guard let object = try client.head(bucket: bucket, key: key) else {
            throw DriverError(
                "download", name, cause: "there is no such object (HTTP 404)",
                remedy: "check that the app's object is still there, and BUCKET and ENDPOINT")
        }
        self.object = object
        let count = min(Self.concurrency, rangeCount(object))
        threads = (0..<count).map { _ in
            Thread { [client, bucket, key, state] in
                Self.work(client, bucket, key, object, state)
            }
        }
        return object
    }

    private func rangeCount(_ object: S3Object) -> Int { Int((object.size + Self.rangeSize - 1) / Self.rangeSize) }

    /// Reads some bytes: their number, 0 at the end. Throws ``DriverError`` or `Interrupted`.
    public func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let object = try open()
        guard delivered < object.size else { return 0 }
        let index = Int(delivered / Self.rangeSize)
        let arrival: Arrival? = state.wait { state -> Arrival?? in
            if let arrival = state.arrived[index] { return .some(arrival) }
            return state.isCancelled ? .some(nil) : nil
        }
        guard case .range(let range, let length)? = arrival else {
            if case .failed(let error)? = arrival { throw error }
            throw DriverError("download", name, cause: "it was closed", remedy: "open it again")
        }
        let count = min(buffer.count, length - consumed)
        buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: range[consumed..<consumed + count]))
        consumed += count
        delivered += UInt64(count)
        if consumed == length {
            consumed = 0
            state.update { state in
                state.arrived[index] = nil
                state.free.append(range)
                state.reading = index + 1
            }
        }
        return count
    }

    /// Ends what is under way. Any thread may call it.
    public func cancel() {
        state.update { $0.isCancelled = true }
    }

    private static func work(
        _ client: S3Client, _ bucket: String, _ key: String, _ object: S3Object, _ state: Posix.Monitor<State>
    ) {
        let ranges = Int((object.size + rangeSize - 1) / rangeSize)
        while let (index, free) = next(ranges, state) {
            let buffer = free ?? .allocate(byteCount: Int(rangeSize), alignment: 4096)
            let offset = UInt64(index) * rangeSize
            let length = Int(min(rangeSize, object.size - offset))
            do {
                try client.get(
                    bucket: bucket, key: key, etag: object.etag, offset: offset,
                    into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<length]),
                    goOn: { state.update { !$0.isCancelled } })
                state.update { $0.arrived[index] = .range(buffer, length) }
            } catch {
                buffer.deallocate()
                state.update { $0.arrived[index] = .failed(error) }
            }
        }
    }

    /// The next range to fetch, once it is near enough to what is read, with a buffer where one is free.
    private static func next(
        _ ranges: Int, _ state: Posix.Monitor<State>
    ) -> (Int, UnsafeMutableRawBufferPointer?)? {
        state.wait { state -> (Int, UnsafeMutableRawBufferPointer?)?? in
            if state.isCancelled || state.next >= ranges { return .some(nil) }
            guard state.next < state.reading + concurrency else { return nil }
            defer { state.next += 1 }
            return .some((state.next, state.free.popLast()))
        }
    }
}
