/// The header of a qcow2 image, as QEMU's "qcow2 image file format" defines it.
package struct QcowHeader: Equatable, Sendable {
    /// The bytes of a file's beginning that are read.
    package static let size = 104

    /// The size of the disk that the image holds, in bytes.
    package let virtualSize: UInt64
    /// Whether the image needs another file to be whole.
    package let hasBackingFile: Bool
    /// Whether its data lies in another file.
    package let hasDataFile: Bool

    /// Returns nil if `head` is not the beginning of a qcow2 image.
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
