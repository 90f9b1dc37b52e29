/// The length of a download's ranges, adapted as it goes on.
///
/// Short ranges come several at a time, which helps if the network is the bottleneck. Long ones come almost one after
/// another, which saves the server requests, and is as fast if bytes come faster than they are digested and written.
/// Ranges grow as long as that is so.
struct RangeSizing {
    /// Bytes after which the next length is chosen: more than a window holds of ranges of the length before.
    private static let sampleSize: UInt64 = 32 << 20
    /// Samples until longer ranges are tried again after they were too slow: for the first time, and at most.
    private static let samplesBeforeRetry = 4...64

    private let sizes: ClosedRange<UInt64>
    /// The bytes of a range that is begun now.
    private(set) var size: UInt64
    private var sampled: (read: UInt64, late: UInt64) = (0, 0)
    private var hasGrown = false
    /// Samples that are still to come before longer ranges are tried again, and how many it will be the next time.
    private var waiting = 0
    private var nextWait = Self.samplesBeforeRetry.lowerBound

    /// Begins with the least of `sizes`.
    init(_ sizes: ClosedRange<UInt64>) {
        self.sizes = sizes
        size = sizes.lowerBound
    }

    /// Must be called before each range is begun, with the number of bytes that have been read, and of those that came
    /// late, to a reader that had nothing else to do.
    mutating func observe(read: UInt64, late: UInt64) {
        let bytes = read - sampled.read
        guard bytes >= max(Self.sampleSize, size) else { return }
        choose(isHungry: late - sampled.late > bytes / 5)
        sampled = (read, late)
    }

    private mutating func choose(isHungry: Bool) {
        if isHungry {
            if hasGrown {
                waiting = nextWait
                nextWait = min(2 * nextWait, Self.samplesBeforeRetry.upperBound)
            }
            hasGrown = false
            size = sizes.lowerBound
        } else if waiting > 0 {
            waiting -= 1
        } else {
            hasGrown = size < sizes.upperBound
            size = min(2 * size, sizes.upperBound)
        }
    }
}
