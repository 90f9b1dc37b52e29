import DriverProtocol

/// The header of a qcow2 image, as QEMU's "qcow2 image file format" defines it.
package struct QcowHeader: Equatable, Sendable {
    /// How many bytes of a file's beginning are looked at.
    package static let size = 104

    /// The size of the disk that the image holds, in bytes.
    package let virtualSize: UInt64
    /// Whether the image needs another file to be whole.
    package let hasBackingFile: Bool
    /// Whether its data lies in another file.
    package let hasDataFile: Bool

    /// Nil where `head` does not begin a qcow2 image.
    package init?(_ head: some Collection<UInt8>) {
        let bytes = Array(head.prefix(Self.size))
        func number(at offset: Int, bytes count: Int) -> UInt64 {
            bytes[offset..<offset + count].reduce(0) { $0 << 8 | UInt64($1) }
        }
        guard bytes.count >= 72, bytes.starts(with: [0x51, 0x46, 0x49, 0xFB]) else { return nil }
        let version = number(at: 4, bytes: 4)
        guard version >= 2 else { return nil }
        hasBackingFile = number(at: 8, bytes: 8) != 0
        virtualSize = number(at: 24, bytes: 8)
        // Bit 2 of the incompatible features: external data file.
        hasDataFile = version >= 3 && bytes.count >= 80 && number(at: 72, bytes: 8) & 4 != 0
    }
}

/// What an image is: its format by name, and the size of the disk that it holds.
package struct ImageDescription: Equatable, Sendable {
    /// QEMU's name of the format: `raw`, `qcow2`.
    package let format: String
    /// Bytes.
    package let virtualSize: UInt64
    /// Whether it is a disk that LUKS has encrypted: nothing but raw bytes to whoever has no key, and never converted.
    package let isEncrypted: Bool

    package init(format: String, virtualSize: UInt64, isEncrypted: Bool = false) {
        self.format = format
        self.virtualSize = virtualSize
        self.isEncrypted = isEncrypted
    }

    /// What an image in a format that is known beforehand is. Its content is not to be trusted: raw stays raw whatever
    /// its bytes look like, and nothing that needs further files is accepted.
    ///
    /// Answers nil for formats that only qemu-img can tell the size of.
    ///
    /// - Parameters:
    ///   - format: as oned has it.
    ///   - head: the image's first ``QcowHeader/size`` bytes.
    ///   - length: the image's length in bytes.
    ///   - name: what errors call it.
    package init?(format: String, head: [UInt8], length: UInt64, name: String) throws(DriverError) {
        switch format {
        case "raw":
            self.init(format: format, virtualSize: length, isEncrypted: Self.isEncrypted(head))
        case "qcow2":
            guard let header = QcowHeader(head) else {
                throw DriverError(
                    "use", "the image \(quoted(name))", cause: "its format is said to be qcow2, and its content is not",
                    remedy: "correct the image's FORMAT")
            }
            guard !header.hasBackingFile, !header.hasDataFile else {
                throw Self.needsAnotherFile(name, header.hasBackingFile ? "a backing file" : "an external data file")
            }
            self.init(format: format, virtualSize: header.virtualSize)
        default:
            return nil
        }
    }

    /// Whether an image that begins with `head` is a LUKS disk, of version 1 or 2: "LUKS On-Disk Format Specification".
    static func isEncrypted(_ head: some Collection<UInt8>) -> Bool {
        head.starts(with: [0x4C, 0x55, 0x4B, 0x53, 0xBA, 0xBE])
    }

    static func needsAnotherFile(_ name: String, _ what: String) -> DriverError {
        DriverError(
            "use", "the image \(quoted(name))", cause: "it has \(what), without which it cannot be read elsewhere",
            remedy: "make it whole first: qemu-img convert -O qcow2 OLD NEW")
    }

    /// Whether `format` is a word that can be handed to qemu-img.
    package static func isFormatName(_ format: String) -> Bool {
        !format.isEmpty && format.utf8.count <= 32
            && format.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }
    }
}

/// The image format at `path` of the message, nil if there is none.
package func optionalImageFormat(_ message: Message, at path: String) throws(DriverError) -> String? {
    message.value(path) == nil ? nil : try imageFormat(message, at: path)
}

/// The image format at `path` of the message: a word that qemu-img could know.
package func imageFormat(_ message: Message, at path: String) throws(DriverError) -> String {
    let format = try message.required(path)
    guard ImageDescription.isFormatName(format) else {
        throw message.invalid(
            path, "is no image format", remedy: "write raw, qcow2, or another name that qemu-img knows")
    }
    return format
}
