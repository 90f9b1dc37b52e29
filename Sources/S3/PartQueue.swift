import Checksums
import DriverProtocol
import Glibc
import HTTP
import Posix

/// Filled parts on their way from the one thread that reads an image to the several that upload it.
///
/// There are as many buffers as parts may be under way, so that memory is bounded by their number times a part's size.
/// A buffer is reserved when it is first needed, and its pages when they are first filled.
final class PartQueue: @unchecked Sendable {
    struct Filled {
        let number: Int
        let buffer: UnsafeMutableRawBufferPointer
        let count: Int
        let checksums: PartedChecksums.Part
    }

    private struct State {
        var free: [UnsafeMutableRawBufferPointer] = []
        var reserved = 0
        var filled: [Filled] = []
        var done: [S3Part] = []
        var isClosed = false
        var failure: (any Error)?
    }

    private let limit: Int
    private let state = Locked(State())

    init(limit: Int) {
        self.limit = limit
    }

    deinit {
        state.update { state in
            for buffer in state.free + state.filled.map(\.buffer) { free(buffer.baseAddress) }
        }
    }

    // The reader's side.

    /// Returns a buffer of at least `size` bytes, once one is free; it is released with free(3). Throws the error of a
    /// failed upload.
    func buffer(ofSize size: Int) throws -> UnsafeMutableRawBufferPointer {
        let taken: Result<UnsafeMutableRawBufferPointer?, any Error> = state.wait { state in
            if let failure = state.failure { return .failure(failure) }
            if let buffer = state.free.popLast() { return .success(buffer) }
            guard state.reserved < limit else { return nil }
            state.reserved += 1
            return .success(nil)
        }
        if let buffer = try taken.get() {
            if buffer.count >= size { return buffer }
            free(buffer.baseAddress)
        }
        var memory: UnsafeMutableRawPointer?
        let code = posix_memalign(&memory, 4096, size)
        guard let memory else {
            throw DriverError(
                "reserve", "\(size) bytes for a part", cause: SystemError("posix_memalign", "", code: code).cause,
                remedy: "lower READ_LENGTH or UPLOAD_CONCURRENCY, or raise the limit of memory")
        }
        return UnsafeMutableRawBufferPointer(start: memory, count: size)
    }

    func add(_ filled: Filled) {
        state.update { $0.filled.append(filled) }
    }

    /// Called after the last part. If one has failed, those that wait are dropped.
    func close() {
        state.update { $0.isClosed = true }
    }

    /// Ends everything that is under way.
    func cancel() {
        fail(Cancelled())
        close()
    }

    /// Returns the parts that were uploaded, in their order. Throws the error of a failed upload.
    func parts() throws -> [S3Part] {
        let (parts, failure) = state.update { ($0.done.sorted { $0.number < $1.number }, $0.failure) }
        if let failure { throw failure }
        return parts
    }

    // The uploads' side.

    /// Returns the next part, once there is one, or nil when all is done or something has failed.
    func next() -> Filled? {
        state.wait { state -> Filled?? in
            if state.failure != nil { return .some(nil) }
            if !state.filled.isEmpty { return .some(state.filled.removeFirst()) }
            return state.isClosed ? .some(nil) : nil
        }
    }

    func finish(_ part: S3Part) {
        state.update { $0.done.append(part) }
    }

    func giveBack(_ buffer: UnsafeMutableRawBufferPointer) {
        state.update { $0.free.append(buffer) }
    }

    /// Ends the uploads with an error. The first one is reported.
    func fail(_ error: any Error) {
        state.update { $0.failure = $0.failure ?? error }
    }

    var hasFailed: Bool { state.read { $0.failure != nil } }
}
