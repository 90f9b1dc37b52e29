import Checksums
import DriverProtocol
import Posix

/// The destination of an image's bytes, in order. Nothing is visible before ``publish()``; a sink that is dropped
/// before that removes its bytes.
package protocol ImageSink: AnyObject {
    /// Its name in errors: the directory, and the host if it is a remote one.
    var name: String { get }
    /// Appends bytes. Throws ``DriverError`` or `Interrupted`.
    func write(_ bytes: UnsafeRawBufferPointer) throws
    /// Appends zeros that take no room.
    func skip(_ count: UInt64) throws
    /// Returns the intake for a copy whose bytes are digested on the way: see ``SinkIntake``.
    func intake(_ digests: [Digest]) -> any SinkIntake
    /// Makes the image durable and visible. Returns the name that it has got.
    func publish() throws -> String
    /// Removes what has been written.
    func discard()
}

extension ImageSink {
    package func intake(_ digests: [Digest]) -> any SinkIntake { DigestedIntake(self, digests) }
}

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

/// An intake that digests on a thread of its own, beside the sink's writing.
private final class DigestedIntake: SinkIntake {
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

/// Returns the warning about a file that is whole, on a file system that has refused its mode.
func modeWarning(_ name: String, in directory: String, mode: UInt32, cause: String) -> String {
    "the mode of \(quoted(joined(directory, name))) cannot be set to 0\(String(mode, radix: 8)) (\(cause)): see that those "
        + "who have to can read it"
}
