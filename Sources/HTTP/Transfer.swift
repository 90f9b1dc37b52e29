import Posix

/// One request under way on a thread of its own, which is joined when the transfer is closed or dropped.
final class Transfer {
    /// Large enough to outlast a pause of the reader, small enough to stay in the processor's caches for the most part.
    static let queueCapacity = 4 << 20

    private let handle: CurlHandle
    private let queue: ByteQueue
    private var thread: Thread?

    /// Performs what `handle` is prepared for.
    init(_ handle: CurlHandle) {
        self.handle = handle
        let queue = ByteQueue(capacity: Self.queueCapacity)
        self.queue = queue
        thread = Thread {
            queue.finish(handle.perform(for: Feeder(queue)))
        }
    }

    deinit {
        close()
    }

    /// Status and headers of the answer, nil where none came.
    func awaitHead() -> ResponseHead? { queue.awaitHead() }

    /// The body: the number of bytes read, 0 behind the last one.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int { queue.read(into: buffer) }

    /// Bytes that have arrived and wait to be read.
    var waiting: Int { queue.count }

    /// Waits for the end.
    func awaitEnd() -> TransferEnd { queue.awaitEnd() }

    /// Breaks the transfer off where it is still under way, and waits for its thread.
    func close() {
        guard let thread else { return }
        self.thread = nil
        queue.close()
        handle.wake()
        thread.join()
    }
}

/// Puts an answer into a queue.
private final class Feeder: TransferReceiver {
    private let queue: ByteQueue

    init(_ queue: ByteQueue) {
        self.queue = queue
    }

    func begin(_ head: ResponseHead) { queue.begin(head) }
    func receive(_ bytes: UnsafeRawBufferPointer) -> Bool { queue.append(bytes) }
    func endRound() -> Bool { queue.publish() }
}
