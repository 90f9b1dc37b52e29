import DriverProtocol

/// Returns the image format at `path` of the message, or nil if there is none.
package func optionalImageFormat(_ message: Message, at path: String) throws(DriverError) -> String? {
    message.value(path) == nil ? nil : try imageFormat(message, at: path)
}

/// Returns the image format at `path` of the message. Throws if it is no word that qemu-img could know.
package func imageFormat(_ message: Message, at path: String) throws(DriverError) -> String {
    let format = try message.required(path)
    guard ImageDescription.isFormatName(format) else {
        throw message.invalid(
            path, "is no image format", remedy: "write raw, qcow2, or another name that qemu-img knows")
    }
    return format
}
