import DriverProtocol
import ImageTransfer

/// An image in a datastore, as oned knows it.
package struct StoredImage: Sendable {
    /// The required elements of the message.
    package static let inputs = [sourcePath]
    private static let sourcePath = "IMAGE/SOURCE"

    /// Its place in the datastore: a path, or a name in a pool.
    package let source: String
    /// Nil if oned does not know it.
    package let format: String?
    /// MB; nil if oned does not know it.
    package let size: UInt64?
    private let message: Message

    /// Reads the message's image. Throws a ``DriverError`` that names an attribute with a bad value.
    package init(_ message: Message) throws(DriverError) {
        self.message = message
        source = try message.required(Self.sourcePath)
        format = try message.optionalImageFormat(at: "IMAGE/FORMAT")
        size = try message.number("IMAGE/SIZE")
    }

    /// The error of an image whose SOURCE cannot be used.
    func invalidSource(_ cause: String, remedy: String) -> DriverError {
        message.invalid(Self.sourcePath, cause, remedy: remedy)
    }
}
