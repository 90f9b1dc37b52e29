import DriverProtocol
import Posix

/// Where an image's bytes go, in order. Nothing is visible before ``publish(as:mode:)``; a sink that is dropped before
/// that removes what it has written.
public protocol ImageSink: AnyObject {
    /// What errors call it: the directory, and the host where it is a remote one.
    var name: String { get }
    /// Appends bytes. Throws ``DriverError`` or `Interrupted`.
    func write(_ bytes: UnsafeRawBufferPointer) throws
    /// Appends zeros that take no room.
    func skip(_ count: UInt64) throws
    /// Makes the image durable and visible under the first of `names` that is free, and answers that name.
    func publish(as names: some Sequence<String>, mode: UInt32) throws -> String
    /// Removes what has been written.
    func discard()
}

/// A sink that has to compute the MD5 of what passes, and whose memory can be filled without a copy.
public protocol DigestingSink: ImageSink {
    /// Where the next bytes go: never empty. Throws as ``write(_:)`` does.
    func room() throws -> UnsafeMutableRawBufferPointer
    /// `count` bytes have been put at the beginning of ``room()``.
    func advance(_ count: Int)
    /// The MD5 of all that was written, in hexadecimal digits; nothing may be written afterwards.
    func finishMD5() -> String
}
