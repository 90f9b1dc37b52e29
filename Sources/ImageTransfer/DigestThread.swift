import Checksums
import Glibc
import Posix

/// Computes digests on a thread of its own while the caller goes on with the same bytes.
///
/// Buffers go around: ``buffer()`` waits for a free one, ``digest(_:count:)`` hands it over, and the digests' thread
/// frees it. Memory is bounded by their number.
final class DigestThread: @unchecked Sendable {
    static let bufferSize = 512 << 10
    private static let bufferCount = 8

    private enum Work {
        case data(UnsafeMutableRawBufferPointer, Int)
        case lent(LentBytes)
        case zeros(UInt64)
    }

    private struct State {
        var queue: [Work] = []
        var free: [UnsafeMutableRawBufferPointer] = []
        var isFinished = false
    }

    private let state: Locked<State>
    private let buffers: [UnsafeMutableRawBufferPointer]
    private let digests: [Digest]
    private var thread: Thread?

    init(_ digests: [Digest]) {
        self.digests = digests
        buffers = (0..<Self.bufferCount).map { _ in .allocate(byteCount: Self.bufferSize, alignment: 4096) }
        state = Locked(State(free: buffers))
        thread = Thread { [state, digests] in Self.work(state, digests) }
    }

    deinit {
        stop()
        for buffer in buffers { buffer.deallocate() }
    }

    /// Returns a buffer to fill.
    func buffer() -> UnsafeMutableRawBufferPointer {
        state.wait { $0.free.popLast() }
    }

    /// Digests the first `count` bytes of a buffer, which must not be changed from now on.
    func digest(_ buffer: UnsafeMutableRawBufferPointer, count: Int) {
        state.update { $0.queue.append(.data(buffer, count)) }
    }

    /// Digests bytes of another owner, and releases them then.
    func digest(_ lent: LentBytes) {
        state.update { $0.queue.append(.lent(lent)) }
    }

    /// Digests `count` zeros. Waits if much is still to be done, so that the caller does not run ahead.
    func digestZeros(_ count: UInt64) {
        state.wait { state in
            state.queue.count < Self.bufferCount ? state.queue.append(.zeros(count)) : nil
        }
    }

    /// Waits until everything is digested. Returns the digests.
    func finish() -> [Digest.Algorithm: String] {
        stop()
        return Dictionary(uniqueKeysWithValues: digests.map { ($0.algorithm, $0.finish()) })
    }

    private func stop() {
        guard let thread else { return }
        state.update { $0.isFinished = true }
        thread.join()
        self.thread = nil
    }

    private static func work(_ state: Locked<State>, _ digests: [Digest]) {
        while true {
            let work: Work? = state.wait { state -> Work?? in
                if !state.queue.isEmpty { return .some(state.queue.removeFirst()) }
                return state.isFinished ? .some(nil) : nil
            }
            switch work {
            case nil:
                return
            case .zeros(let count):
                for digest in digests { digest.updateZeros(count) }
            case .lent(let lent):
                for digest in digests { digest.update(lent.bytes) }
            case .data(let buffer, let count):
                for digest in digests { digest.update(UnsafeRawBufferPointer(rebasing: buffer[..<count])) }
                state.update { $0.free.append(buffer) }
            }
        }
    }
}
