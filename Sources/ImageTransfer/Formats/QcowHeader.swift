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
    /// The reason for which QEMU does not open such an image; nil if the header shows none.
    let damage: String?

    /// Returns nil if `head` is not the beginning of a qcow2 image.
    package init?(_ head: some Collection<UInt8>) {
        let fields = Fields(bytes: Array(head.prefix(Self.size)))
        guard fields.bytes.count >= 72, fields.bytes.starts(with: [0x51, 0x46, 0x49, 0xFB]), fields.version >= 2
        else { return nil }
        hasBackingFile = fields.number(at: 8, bytes: 8) != 0
        virtualSize = fields.virtualSize
        // Bit 2 of the incompatible features: external data file.
        hasDataFile = fields.features & 4 != 0
        damage = fields.damage
    }
}
