import DriverProtocol

extension Message {
    /// Returns the image format at `path`, or nil if there is none. Throws like ``imageFormat(at:)``.
    package func optionalImageFormat(at path: String) throws(DriverError) -> String? {
        value(path) == nil ? nil : try imageFormat(at: path)
    }

    /// Returns the image format at `path`. Throws if it is no word that qemu-img could know.
    package func imageFormat(at path: String) throws(DriverError) -> String {
        let format = try required(path)
        guard ImageDescription.isFormatName(format) else {
            throw invalid(
                path, "is no image format", remedy: "write raw, qcow2, or another name that qemu-img knows")
        }
        return format
    }
}
