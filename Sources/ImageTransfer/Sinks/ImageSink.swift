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

/// Returns the warning about a file that is whole, on a file system that has refused its mode.
func modeWarning(_ name: String, in directory: String, mode: UInt32, cause: String) -> String {
    "the mode of \(quoted(joined(directory, name))) cannot be set to 0\(String(mode, radix: 8)) (\(cause)): see that those "
        + "who have to can read it"
}

/// Returns the length of `object` after `count` more bytes. Throws a ``DriverError`` if no file can have it.
func imageLength(_ length: UInt64, and count: UInt64, of object: String) throws(DriverError) -> UInt64 {
    let (sum, overflow) = length.addingReportingOverflow(count)
    guard !overflow, sum <= UInt64(Int64.max) else {
        throw DriverError(
            "write", object, cause: "it is longer than any image can be", remedy: "check the source")
    }
    return sum
}
