import DriverProtocol

/// Returns the image format that an input states of the message, or nil if there is none.
package func optionalImageFormat(_ message: Message, at input: Input) throws(DriverError) -> String? {
    message.value(input) == nil ? nil : try imageFormat(message, at: input)
}

/// Returns the image format that an input states of the message. Throws if it is no word that qemu-img could know.
package func imageFormat(_ message: Message, at input: Input) throws(DriverError) -> String {
    let format = try message.required(input)
    guard ImageDescription.isFormatName(format) else {
        throw message.invalid(
            input, "is no image format", remedy: "write raw, qcow2, or another name that qemu-img knows")
    }
    return format
}
