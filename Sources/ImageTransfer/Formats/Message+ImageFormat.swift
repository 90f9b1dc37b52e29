import DriverProtocol

extension Message {
    /// Returns the image format that an input states, or nil if there is none. Throws like ``imageFormat(at:)``.
    package func optionalImageFormat(at input: Input) throws(DriverError) -> String? {
        value(input) == nil ? nil : try imageFormat(at: input)
    }

    /// Returns the image format that an input states. Throws if it is no word that qemu-img could know.
    package func imageFormat(at input: Input) throws(DriverError) -> String {
        let format = try required(input)
        guard ImageDescription.isFormatName(format) else {
            throw invalid(
                input, "is no image format", remedy: "write raw, qcow2, or another name that qemu-img knows")
        }
        return format
    }
}
