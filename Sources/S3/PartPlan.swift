import DriverProtocol

/// The division of an upload into parts.
///
/// | length    | part size                                                                                     |
/// |-----------|-----------------------------------------------------------------------------------------------|
/// | known     | as wished; if the most parts of that size do not do, the least whole MiB that does            |
/// | not known | as wished for 9 of 100 parts that may be (900 of 10,000), then doubled after each 9 of 100    |
///
/// Parts have one size whenever that is possible: some services require it.
struct PartPlan: Equatable {
    /// The limits of S3: parts, and bytes of one part and of an object.
    static let mostParts = 10_000
    static let maximumPartSize: UInt64 = 5 << 30
    static let maximumLength: UInt64 = 5 << 40

    private let partSize: UInt64
    /// After how many parts they are doubled; nil if they are all of one size.
    private let step: Int?

    /// Returns nil if an object cannot be that long.
    ///
    /// - Parameter maximumParts: how many the service takes, at least 1.
    init?(length: UInt64?, partSize: UInt64, maximumParts: Int = mostParts) {
        guard let length else {
            self.partSize = partSize
            step = max(1, maximumParts * 9 / 100)
            return
        }
        guard length <= Self.maximumLength else { return nil }
        let least = (length + UInt64(maximumParts) - 1) / UInt64(maximumParts)
        let wholeMiB = ((least + (1 << 20) - 1) >> 20) << 20
        guard wholeMiB <= Self.maximumPartSize else { return nil }
        self.partSize = max(partSize, wholeMiB)
        step = nil
    }

    /// Returns the bytes of the part with that number; the last one may be shorter. The first is number 1.
    func size(ofPart number: Int) -> UInt64 {
        guard let step else { return partSize }
        return min(partSize << UInt64(min((number - 1) / step, 20)), Self.maximumPartSize)
    }
}
