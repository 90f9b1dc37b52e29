import Posix

/// A bounded queue of bytes from one thread, which performs a transfer, to another, which reads it.
///
/// The bytes lie in a ring that both copy into and out of without the lock; the lock guards only the counts. Each side
/// reports its progress to the other in large steps, so that threads are not woken for every packet.
final class ByteQueue: @unchecked Sendable {
    private struct State {
        var head: ResponseHead?
        var written = 0
        var taken = 0
        var end: TransferEnd?
        var isClosed = false
    }

    let capacity: Int
    private let ring: UnsafeMutableRawBufferPointer
    private let state = Locked(State())
    /// The writer's own counts: the bytes in the ring, and those that it knows the reader to have taken.
    private var written = 0
    private var knownTaken = 0
    /// The reader's own counts.
    private var taken = 0
    private var reportedTaken = 0
    private var knownWritten = 0

    init(capacity: Int) {
        self.capacity = capacity
        ring = .allocate(byteCount: capacity, alignment: 64)
    }

    deinit {
        ring.deallocate()
    }

    // The writer's side.

    func begin(_ head: ResponseHead) {
        state.update { $0.head = head }
    }

    /// Adds bytes, waiting for room. Returns false if the reader wants no more.
    func append(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            guard written - knownTaken < capacity || waitForRoom() else { return false }
            let position = written % capacity
            let count = min(rest.count, capacity - (written - knownTaken), capacity - position)
            ring.baseAddress!.advanced(by: position).copyMemory(from: rest.baseAddress!, byteCount: count)
            written += count
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
        return true
    }

    private func waitForRoom() -> Bool {
        guard publish() else { return false }
        let taken: Int = state.wait { state in
            if state.isClosed { return -1 }
            return written - state.taken < capacity ? state.taken : nil
        }
        if taken >= 0 { knownTaken = taken }
        return taken >= 0
    }

    /// Shows the reader the added bytes. Returns false if it wants no more.
    func publish() -> Bool {
        state.update { state in
            state.written = written
            knownTaken = state.taken
            return !state.isClosed
        }
    }

    func finish(_ end: TransferEnd) {
        state.update { state in
            state.written = written
            state.end = end
        }
    }

    // The reader's side.

    /// Waits for the response's head. Returns nil if the transfer ended without one.
    func awaitHead() -> ResponseHead? {
        state.wait { state -> ResponseHead?? in
            if let head = state.head { return .some(head) }
            return state.end == nil ? nil : .some(nil)
        }
    }

    /// Takes bytes, waiting for some. Returns their number, 0 after the last one.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        if knownWritten == taken || taken - reportedTaken >= capacity / 8 { report() }
        if knownWritten == taken {
            knownWritten = state.wait { $0.written > taken || $0.end != nil ? $0.written : nil }
        }
        let count = min(buffer.count, knownWritten - taken)
        let first = min(count, capacity - taken % capacity)
        guard count > 0, let target = buffer.baseAddress else { return 0 }
        target.copyMemory(from: ring.baseAddress! + taken % capacity, byteCount: first)
        (target + first).copyMemory(from: ring.baseAddress!, byteCount: count - first)
        taken += count
        return count
    }

    private func report() {
        reportedTaken = taken
        knownWritten = state.update { state in
            state.taken = taken
            return state.written
        }
    }

    /// Waits for the end of the transfer, and returns it.
    func awaitEnd() -> TransferEnd {
        state.wait { $0.end }
    }

    /// Lets the writer know that the reader wants no more.
    func close() {
        state.update { $0.isClosed = true }
    }

    /// The number of bytes that wait in the ring, as far as the writer has shown them.
    var count: Int { state.update { $0.written - $0.taken } }
}
