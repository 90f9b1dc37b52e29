import Checksums
import DriverProtocol
import Posix

/// The way of a copy's bytes into a sink, and into digests. A sink that computes digests itself, or whose memory can be
/// filled without a copy, has one of its own.
package protocol SinkIntake: AnyObject {
    /// Returns memory for the next bytes, never empty: the same until some of it is taken. Throws like
    /// ``ImageSink/write(_:)``, as do all the others.
    func buffer() throws -> UnsafeMutableRawBufferPointer
    /// Appends the first `count` bytes of ``buffer()``.
    func take(_ count: Int) throws
    /// Appends bytes of another owner.
    func take(_ lent: LentBytes) throws
    /// Appends zeros that take no room.
    func skip(_ count: UInt64) throws
    /// Returns the digests of all that was appended. Nothing may follow.
    func finish() throws -> [Digest.Algorithm: String]
}

extension SinkIntake {
    /// Takes in everything that comes from `source`. Returns the digests of that, and the number of bytes, holes included.
    func takeAll(
        from source: any ImageSource, _ progress: Progress
    ) throws -> (digests: [Digest.Algorithm: String], length: UInt64) {
        var length: UInt64 = 0
        func advance(_ count: UInt64) {
            length = length.addingClamped(count)
            progress.advance(count)
        }
        while true {
            try Interrupt.check()
            if let lent = try source.lend() {
                try take(lent)
                advance(UInt64(lent.bytes.count))
                continue
            }
            switch try source.next(into: buffer()) {
            case .data(let count):
                try take(count)
                advance(UInt64(count))
            case .hole(var count):
                // Zeros are digested at the speed of data: in steps, so that a signal and the log are heeded.
                while count > 0 {
                    try Interrupt.check()
                    let step = min(count, UInt64(DigestThread.bufferSize))
                    try skip(step)
                    advance(step)
                    count -= step
                }
            case .end:
                return (try finish(), length)
            }
        }
    }
}

/// An intake that digests on a thread of its own, beside the sink's writing.
final class DigestedIntake: SinkIntake {
    private let sink: any ImageSink
    private let thread: DigestThread
    private var current: UnsafeMutableRawBufferPointer?

    init(_ sink: any ImageSink, _ digests: [Digest]) {
        self.sink = sink
        thread = DigestThread(digests)
    }

    func buffer() -> UnsafeMutableRawBufferPointer {
        if let current { return current }
        let buffer = thread.buffer()
        current = buffer
        return buffer
    }

    func take(_ count: Int) throws {
        let buffer = buffer()
        current = nil
        thread.digest(buffer, count: count)
        // The buffer comes back only by buffer(): it is not filled anew before this has returned.
        try sink.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    }

    func take(_ lent: LentBytes) throws {
        thread.digest(lent)
        try sink.write(lent.bytes)
    }

    func skip(_ count: UInt64) throws {
        try sink.skip(count)
        thread.digestZeros(count)
    }

    func finish() -> [Digest.Algorithm: String] { thread.finish() }
}
