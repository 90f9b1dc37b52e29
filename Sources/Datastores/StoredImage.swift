import DriverProtocol
import ImageTransfer

/// An image in a datastore, as oned knows it.
package struct StoredImage: Sendable {
    /// - Parameter example: a SOURCE of the datastore.
    package static func inputs(example: String) -> [Input] { [source(example: example), formatInput, sizeInput] }
    private static let sourceInput = source(example: "")
    private static func source(example: String) -> Input {
        .required("IMAGE/SOURCE", "Source of the image in the datastore: a path, or `POOL/NAME`.", example: example)
    }
    private static let formatInput = Input.optional(
        "IMAGE/FORMAT", "Format of the image: `raw`, `qcow2`, …", otherwise: "detected")
    private static let sizeInput = Input.optional("IMAGE/SIZE", "Size of the disk in MB, as oned counts it.")

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
        source = try message.required(Self.sourceInput)
        format = try message.optionalImageFormat(at: Self.formatInput)
        size = try message.number(Self.sizeInput)
    }

    /// The error of an image whose SOURCE cannot be used.
    func invalidSource(_ cause: String, remedy: String) -> DriverError {
        message.invalid(Self.sourceInput, cause, remedy: remedy)
    }
}
