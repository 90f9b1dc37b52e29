import Bytes
import DriverProtocol

/// The format of an image, and the size of the disk that it holds.
package struct ImageDescription: Equatable, Sendable {
    /// QEMU's name of the format: `raw`, `qcow2`.
    package let format: String
    /// Bytes.
    package let virtualSize: UInt64
    /// Whether it is a disk that LUKS has encrypted: raw bytes for everybody without a key, and never converted.
    package let isEncrypted: Bool

    package init(format: String, virtualSize: UInt64, isEncrypted: Bool = false) {
        self.format = format
        self.virtualSize = virtualSize
        self.isEncrypted = isEncrypted
    }

    /// Describes an image in a known format. Its content is not to be trusted: raw stays raw whatever its bytes look
    /// like, and nothing that needs further files is accepted.
    ///
    /// Nil for formats whose size only qemu-img can tell.
    ///
    /// - Parameters:
    ///   - format: the format according to oned.
    ///   - head: the image's first ``QcowHeader/size`` bytes.
    ///   - length: the image's length in bytes.
    ///   - name: its name in errors.
    package init?(format: String, head: [UInt8], length: UInt64, name: String) throws(DriverError) {
        switch format {
        case "raw":
            self.init(format: format, virtualSize: length, isEncrypted: Self.isEncrypted(head))
        case "qcow2":
            guard let header = QcowHeader(head) else {
                throw DriverError(
                    "use", "the image \(quoted(name))", cause: "its format is said to be qcow2, and its content is not",
                    remedy: "correct the image's FORMAT, or see that it is the right file")
            }
            if let damage = header.damage {
                throw DriverError(
                    "use", "the image \(quoted(name))", cause: "its qcow2 header is damaged: \(damage)",
                    remedy: "see that it is the right file, and that it came whole")
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
    package static func isEncrypted(_ head: some Collection<UInt8>) -> Bool {
        head.starts(with: [0x4C, 0x55, 0x4B, 0x53, 0xBA, 0xBE])
    }

    static func needsAnotherFile(_ name: String, _ what: String) -> DriverError {
        DriverError(
            "use", "the image \(quoted(name))", cause: "it has \(what), without which it cannot be read elsewhere",
            remedy: "make it whole first: qemu-img convert -O qcow2 OLD NEW")
    }

    /// What qemu-img takes for a format, too, though it is a way to reach an image, or a filter: no VM starts from it.
    private static let otherDrivers: Set = [
        "file", "host_device", "blkdebug", "blkverify", "blklogwrites", "blkreplay", "compress", "copy-on-read",
        "preallocate", "throttle", "quorum", "replication",
    ]

    /// Whether `format` is a word that can be handed to qemu-img as an image's format.
    package static func isFormatName(_ format: String) -> Bool {
        !format.isEmpty && format.utf8.count <= 32 && !otherDrivers.contains(format)
            && format.utf8.allSatisfy { isLowercase($0) || isDigit($0) || $0 == UInt8(ascii: "-") }
    }
}
