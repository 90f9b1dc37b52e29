import DriverProtocol

/// How an upload is divided into parts.
///
/// | length      | part size                                                                    |
/// |-------------|------------------------------------------------------------------------------|
/// | known       | as wished; where 10,000 such parts do not do, the least whole MiB that does   |
/// | not known   | as wished for the first 900 parts, then doubled after every 900 of them       |
///
/// Parts of one size are kept to wherever that is possible: some services want it.
struct PartPlan: Equatable {
    /// What S3 takes: parts, and bytes of one part and of an object.
    static let maximumParts = 10_000
    static let maximumPartSize: UInt64 = 5 << 30
    static let maximumLength: UInt64 = 5 << 40
    static let minimumPartSize: UInt64 = 5 << 20

    private let partSize: UInt64
    private let grows: Bool

    /// Nil where an object cannot be that long.
    init?(length: UInt64?, partSize: UInt64) {
        guard let length else {
            self.partSize = partSize
            grows = true
            return
        }
        guard length <= Self.maximumLength else { return nil }
        let least = (length + UInt64(Self.maximumParts) - 1) / UInt64(Self.maximumParts)
        let wholeMiB = ((least + (1 << 20) - 1) >> 20) << 20
        self.partSize = max(partSize, wholeMiB)
        grows = false
    }

    /// Bytes of the part with that number; the last one may be shorter. The first is number 1.
    func size(ofPart number: Int) -> UInt64 {
        guard grows else { return partSize }
        return min(partSize << UInt64((number - 1) / 900), Self.maximumPartSize)
    }
}
