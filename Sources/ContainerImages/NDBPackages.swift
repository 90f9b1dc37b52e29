/// The list of packages of openSUSE and SLES: rpm's format ndb, which the rpm of Debian and Ubuntu does not know. It
/// would take the list for a missing one.
enum NDBPackages {
    /// Bytes.
    static let sizeLimit = 256 << 20
    static let fileName = "Packages.db"

    private static let pageSize = 4096
    private static let blockSize = 16
    /// Slots, which have the size of a block, follow the file's header in the first pages.
    private static let firstSlot = 2
    /// In front of each package's header where it is not in a list.
    private static let headerMagic: [UInt8] = [0x8E, 0xAD, 0xE8, 0x01, 0, 0, 0, 0]

    /// Returns the headers of all packages in a file, as rpmdb(8) exports and imports them, or nil if the file is
    /// damaged or has another format.
    static func headers(of file: [UInt8]) -> [UInt8]? {
        func number(_ offset: Int) -> Int? {
            guard offset >= 0, offset + 4 <= file.count else { return nil }
            return (0..<4).reduce(0) { $0 | Int(file[offset + $1]) << (8 * $1) }
        }
        func hasMark(_ mark: String, at offset: Int) -> Bool {
            offset >= 0 && offset + 4 <= file.count && file[offset..<offset + 4].elementsEqual(mark.utf8)
        }
        guard hasMark("RpmP", at: 0), number(4) == 0, let pages = number(12), pages * pageSize <= file.count else {
            return nil
        }
        var headers: [UInt8] = []
        for slot in firstSlot..<max(firstSlot, pages * pageSize / blockSize) {
            let place = slot * blockSize
            guard hasMark("Slot", at: place), let package = number(place + 4), let block = number(place + 8) else {
                return nil
            }
            if block == 0 { continue }
            let start = block * blockSize
            guard hasMark("BlbS", at: start), number(start + 4) == package, let length = number(start + 12),
                start + blockSize + length <= file.count
            else { return nil }
            headers += headerMagic + file[(start + blockSize)..<(start + blockSize + length)]
        }
        return headers
    }
}
