import DriverProtocol
import Posix

/// What comes next from an ``ImageSource``.
package enum Segment: Equatable, Sendable {
    /// So many bytes have been put at the buffer's beginning.
    case data(Int)
    /// So many bytes are zeros that take no room.
    case hole(UInt64)
    /// Everything has come, and its length was right.
    case end
}

/// Where an image's bytes come from, once, in order.
package protocol ImageSource: AnyObject {
    /// What errors call it: a path, a URL without its secrets.
    var name: String { get }
    /// How many bytes come in all, holes included; nil where that is not known beforehand.
    var length: UInt64? { get }
    /// How many bytes of disk the image takes at the most where its holes are kept; nil where that is not known.
    var storageSize: UInt64? { get }
    /// The MD5 that the source's own server knows; nil if it knows none.
    var md5: String? { get }
    /// Whether what has come so far may be put together of two files: a server has gone on where another one broke off.
    var isPatched: Bool { get }
    /// Whether it keeps to LIMIT_TRANSFER_BW by itself: see ``paced(_:_:)``.
    var isPaced: Bool { get }
    /// Says, before anything is read, that the digest of what comes is compared with one that is known.
    func willBeVerified()
    /// Fills `buffer` or part of it. Throws a ``DriverError`` where bytes are missing or more come than there should
    /// be, and `Interrupted`.
    func next(into buffer: UnsafeMutableRawBufferPointer) throws -> Segment
    /// The next bytes where they lie in the source's own memory, for whoever needs no copy. Nil at the end, and from a source
    /// that has none in memory, or no data next: ``next(into:)`` tells then.
    func lend() throws -> LentBytes?
}

extension ImageSource {
    package var md5: String? { nil }
    package var isPatched: Bool { false }
    package var isPaced: Bool { false }
    package func lend() throws -> LentBytes? { nil }
    package func willBeVerified() {}
}

/// Bytes that stay where they are until the last reference to this goes.
package final class LentBytes: Sendable {
    nonisolated(unsafe) let bytes: UnsafeRawBufferPointer
    private let owner: any Sendable

    /// - Parameter owner: what keeps `bytes` alive.
    init(_ bytes: UnsafeRawBufferPointer, owner: any Sendable) {
        self.bytes = bytes
        self.owner = owner
    }
}

/// What errors call the image that an operation reads.
package func readError(_ name: some CustomStringConvertible, cause: String, remedy: String) -> DriverError {
    DriverError("read", "the image \(quoted(name))", cause: cause, remedy: remedy)
}
