import DriverProtocol
import ImageTransfer

/// An image on its way into a datastore. First its bytes are written; then it can be looked at, and brought into
/// another format; then it is published. ``ImageSink/publish()`` returns its SOURCE.
package protocol StagedImage: ImageSink {
    /// Throws a ``DriverError`` unless there is room for `needed` bytes; nil if that is not known. If the first bytes
    /// decide where they go, the ``ImageSink/write(_:)`` that brings them throws it.
    func checkRoom(for needed: UInt64?) throws
    /// Returns the compression of the image, by its first bytes, or nil if it has none.
    func compression() throws -> Compression?
    /// Describes the bytes that have been written. Their content is not to be trusted.
    ///
    /// - Parameters:
    ///   - format: the stated format; nil leaves it to qemu-img to find out.
    ///   - name: its name in errors.
    func describe(format: String?, name: String) throws -> ImageDescription
    /// Converts the image, whose name in errors is `name`. Returns the MD5 of the result, or nil if it is not computed.
    func convert(from format: String, to newFormat: String, name: String, computesMD5: Bool) throws -> String?
    /// The number of bytes that have been written, holes included.
    var size: UInt64 { get }
}

extension StagedImage {
    /// The error of an image that was to be converted from `format`, and has gone where it belongs because its first
    /// bytes are of another one.
    static func isAlreadyInPlace(_ name: String, _ format: String) -> DriverError {
        DriverError(
            "convert", "the image \(quoted(name))", cause: "it is no \(format) image", remedy: "correct its FORMAT")
    }
}
