extension QcowHeader {
    /// The numbers of a header, big-endian, and what QEMU demands of them.
    struct Fields {
        /// The header, or as much of it as there is.
        let bytes: [UInt8]

        /// Returns the number at `offset`, or 0 if the header ends before it.
        func number(at offset: Int, bytes count: Int) -> UInt64 {
            guard bytes.count >= offset + count else { return 0 }
            return bytes[offset..<offset + count].reduce(0) { $0 << 8 | UInt64($1) }
        }

        var version: UInt64 { number(at: 4, bytes: 4) }
        var virtualSize: UInt64 { number(at: 24, bytes: 8) }
        /// The incompatible features, which version 2 does not have.
        var features: UInt64 { version >= 3 ? number(at: 72, bytes: 8) : 0 }
        /// The logarithm of a cluster's size.
        private var clusterBits: UInt64 { number(at: 20, bytes: 4) }

        /// What is wrong with the header, or nil.
        var damage: String? {
            guard version <= 3 else { return "its version is \(version)" }
            guard version == 2 || bytes.count >= QcowHeader.size, length >= (version == 2 ? 72 : QcowHeader.size) else {
                return "it is cut off"
            }
            guard (9...21).contains(clusterBits) else { return "its clusters have 2^\(clusterBits) bytes" }
            guard length <= 1 << clusterBits else { return "it is longer than a cluster" }
            guard features >> 5 == 0 else { return "it has features that are not known" }
            guard number(at: 32, bytes: 4) <= 2 else { return "its encryption is not known" }
            return damageOfTables
        }

        private var length: UInt64 { version == 2 ? 72 : number(at: 100, bytes: 4) }

        private var damageOfTables: String? {
            guard version == 2 || number(at: 96, bytes: 4) <= 6 else { return "its reference counts are too wide" }
            let counts = number(at: 56, bytes: 4)
            guard counts > 0, counts << clusterBits <= 8 << 20, isPlace(48) else {
                return "it has no table of reference counts"
            }
            // A table of the second level is one cluster. Its entries have 8 bytes, with subclusters 16.
            let covered = 2 * clusterBits - (features & 16 != 0 ? 4 : 3)
            let needed = virtualSize == 0 ? 0 : (virtualSize - 1) >> covered + 1
            let entries = number(at: 36, bytes: 4)
            guard entries <= 4 << 20, entries >= needed, isPlace(40) else {
                return "its table of clusters does not fit a disk of \(virtualSize) bytes"
            }
            guard number(at: 60, bytes: 4) <= 65536, isPlace(64) else { return "it has no table of snapshots" }
            return nil
        }

        /// Whether the number at `offset` can be where a table begins.
        private func isPlace(_ offset: Int) -> Bool {
            let place = number(at: offset, bytes: 8)
            return place <= UInt64(Int64.max) - 1 << 32 && place & (1 << clusterBits - 1) == 0
        }
    }
}
