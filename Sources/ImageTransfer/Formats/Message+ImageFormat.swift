import DriverProtocol

extension Message {
    /// Returns the image format that an input states, or nil if there is none. Throws like
    /// ``imageFormat(at:toWrite:)``.
    package func optionalImageFormat(at input: Input, toWrite: Bool = false) throws(DriverError) -> String? {
        value(input) == nil ? nil : try imageFormat(at: input, toWrite: toWrite)
    }

    /// Returns the image format that an input states. Throws if it is none that qemu-img knows.
    ///
    /// - Parameter toWrite: whether images are converted to it.
    package func imageFormat(at input: Input, toWrite: Bool = false) throws(DriverError) -> String {
        let format = try required(input)
        guard ImageDescription.isFormatName(format) else {
            throw invalid(
                input, "is no image format", remedy: "write raw, qcow2, or another name that qemu-img knows")
        }
        guard QemuImage.knows(format, toWrite: toWrite) else {
            throw invalid(
                input,
                toWrite ? "is no format that qemu-img can write" : "is no format that qemu-img can read",
                remedy: "write raw, qcow2, or another one that qemu-img --help lists")
        }
        return format
    }
}
