import DriverProtocol
import Posix

/// The next piece of an ``ImageSource``.
package enum Segment: Equatable, Sendable {
    /// That many bytes have been put at the buffer's beginning.
    case data(Int)
    /// That many bytes are zeros that take no room.
    case hole(UInt64)
    /// Everything has come, and its length was right.
    case end
}

/// The origin of an image's bytes, which come once, in order.
package protocol ImageSource: AnyObject {
    /// Its name in errors: a path, a URL without its secrets.
    var name: String { get }
    /// The number of all bytes, holes included, or nil if it is not known beforehand.
    var length: UInt64? { get }
    /// The bytes of disk that the image takes at most if its holes are kept, or nil if that is not known.
    var storageSize: UInt64? { get }
    /// The MD5 that the source's own server knows, or nil if it knows none.
    var md5: String? { get }
    /// Whether what has come so far may be put together of two files: a server has gone on where another one broke off.
    var isPatched: Bool { get }
    /// Whether it keeps to LIMIT_TRANSFER_BW by itself: see ``paced(_:_:)``.
    var isPaced: Bool { get }
    /// Called before anything is read if the digest of the bytes will be compared with a known one.
    func willBeVerified()
    /// Fills `buffer` or part of it. Throws a ``DriverError`` if bytes are missing or more come than announced, or
    /// `Interrupted`.
    func next(into buffer: UnsafeMutableRawBufferPointer) throws -> Segment
    /// Returns the next bytes in the source's own memory, for a caller that needs no copy. Returns nil at the end, if
    /// the source has none in memory, or if no data is next: ``next(into:)`` says which.
    func lend() throws -> LentBytes?
}

extension ImageSource {
    package var md5: String? { nil }
    package var isPatched: Bool { false }
    package var isPaced: Bool { false }
    package func lend() throws -> LentBytes? { nil }
    package func willBeVerified() {}
}

/// Bytes that stay in place until the last reference to this goes.
package final class LentBytes: Sendable {
    nonisolated(unsafe) let bytes: UnsafeRawBufferPointer
    private let owner: any Sendable

    /// - Parameter owner: keeps `bytes` alive.
    init(_ bytes: UnsafeRawBufferPointer, owner: any Sendable) {
        self.bytes = bytes
        self.owner = owner
    }
}

/// Returns the error of an operation that cannot read the image `name`.
package func readError(_ name: some CustomStringConvertible, cause: String, remedy: String) -> DriverError {
    DriverError("read", "the image \(quoted(name))", cause: cause, remedy: remedy)
}
