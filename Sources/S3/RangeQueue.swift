import Posix

/// The ranges of an object on their way from the threads that fetch them to the one that reads them in order.
///
/// There are so many buffers, each reserved when it is first needed: who fetches waits for a free one. Ranges are begun in
/// their order, so that the one that is read next always has a buffer.
final class RangeQueue: @unchecked Sendable {
    struct Range: @unchecked Sendable {
        let index: Int
        /// Bytes from the object's beginning.
        let offset: UInt64
        let length: Int
        let buffer: UnsafeMutableRawBufferPointer
    }

    private struct State {
        /// The next range that nobody fetches yet.
        var next = 0
        var arrived: [Int: Result<Range, any Error>] = [:]
        var free: [UnsafeMutableRawBufferPointer] = []
        var reserved = 0
        var isCancelled = false
    }

    /// How many ranges there are.
    let count: Int
    private let length: UInt64
    private let rangeSize: UInt64
    private let limit: Int
    private let state = Monitor(State())

    init(length: UInt64, rangeSize: UInt64, buffers: Int) {
        self.length = length
        self.rangeSize = rangeSize
        limit = buffers
        count = Int((length + rangeSize - 1) / rangeSize)
    }

    deinit {
        let buffers = state.update { state in state.free + state.arrived.values.compactMap { try? $0.get().buffer } }
        for buffer in buffers { buffer.deallocate() }
    }

    // The side of those who fetch.

    /// The next range to fetch, once there is a buffer for it; nil when there is none, or when nobody wants it.
    func next() -> Range? {
        let taken = state.wait { state -> (Int, UnsafeMutableRawBufferPointer?)?? in
            if state.isCancelled || state.next >= count { return .some(nil) }
            let buffer = state.free.popLast()
            if buffer == nil {
                guard state.reserved < limit else { return nil }
                state.reserved += 1
            }
            defer { state.next += 1 }
            return .some((state.next, buffer))
        }
        guard let (index, free) = taken else { return nil }
        let offset = UInt64(index) * rangeSize
        let size = Int(min(rangeSize, length))
        return Range(
            index: index, offset: offset, length: Int(min(rangeSize, length - offset)),
            buffer: free ?? .allocate(byteCount: size, alignment: 4096))
    }

    /// A range has been fetched, or has failed for good.
    func finish(_ range: Range, _ error: (any Error)?) {
        if let error {
            range.buffer.deallocate()
            state.update { $0.arrived[range.index] = .failure(error) }
        } else {
            state.update { $0.arrived[range.index] = .success(range) }
        }
    }

    var isCancelled: Bool { state.read { $0.isCancelled } }

    // The reader's side.

    /// The range with that index, once it is there; nil when nobody fetches it any more. It belongs to the caller until
    /// ``giveBack(_:)``. Throws what it has failed with.
    func range(at index: Int) throws -> Range? {
        let arrival = state.wait { state -> Result<Range, any Error>?? in
            if let arrival = state.arrived[index] {
                state.arrived[index] = nil
                return .some(arrival)
            }
            return state.isCancelled ? .some(nil) : nil
        }
        return try arrival?.get()
    }

    func giveBack(_ range: Range) {
        state.update { $0.free.append(range.buffer) }
    }

    func cancel() {
        state.update { $0.isCancelled = true }
    }
}
