import Posix

/// One request under way on a thread of its own, which is joined when the transfer is closed or dropped.
final class Transfer {
    /// Large enough to outlast a pause of the reader, small enough to stay in the processor's caches for the most part.
    static let queueCapacity = 4 << 20

    private let handle: CurlHandle
    let queue: ByteQueue
    private var thread: Thread?

    /// Performs the request for which `handle` is prepared, with at most `rate` bytes a second.
    init(_ handle: CurlHandle, rate: UInt64? = nil) {
        self.handle = handle
        let queue = ByteQueue(capacity: Self.queueCapacity)
        self.queue = queue
        thread = Thread {
            queue.finish(handle.perform(for: Feeder(queue, rate: rate)))
        }
    }

    deinit {
        close()
    }

    /// Returns status and headers of the response, or nil if none came.
    func awaitHead() -> ResponseHead? { queue.awaitHead() }

    /// Reads the body. Returns the number of bytes read, 0 after the last one.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int { queue.read(into: buffer) }

    /// Waits for the end.
    func awaitEnd() -> TransferEnd { queue.awaitEnd() }

    /// Breaks the transfer off if it is still under way, and waits for its thread.
    func close() {
        guard let thread else { return }
        self.thread = nil
        queue.close()
        handle.wake()
        thread.join()
    }
}

/// Puts a response into a queue.
private final class Feeder: TransferReceiver {
    private let queue: ByteQueue
    private var pacer: Pacer?

    init(_ queue: ByteQueue, rate: UInt64?) {
        self.queue = queue
        pacer = rate.map { Pacer(rate: $0) }
    }

    func begin(_ head: ResponseHead) { queue.begin(head) }

    func receive(_ bytes: UnsafeRawBufferPointer) -> Bool {
        pacer?.count(bytes.count)
        return queue.append(bytes)
    }

    func endRound() -> Bool {
        while queue.publish() {
            guard let delay = pacer?.delay, delay > 0, !Interrupt.isRequested else { return true }
            // In short steps, because a reader that closes must not wait long.
            try? sleep(until: Clock.now + min(delay, 0.1))
        }
        return false
    }
}
