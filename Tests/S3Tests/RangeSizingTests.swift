import Testing

@testable import S3

/// The length of ranges, according to the time that the reader waits.
@Suite struct RangeSizingTests {
    private static let mebibyte: UInt64 = 1 << 20

    /// Returns the lengths, in MiB, of the ranges of a download of `length` MiB. The share of bytes that comes late
    /// depends on the ranges' length and on the progress.
    private static func sizes(_ length: UInt64, late: (_ size: UInt64, _ position: UInt64) -> Double) -> [UInt64] {
        var sizing = RangeSizing(4 * mebibyte...64 * mebibyte)
        var position: UInt64 = 0
        var lateBytes = 0.0
        var sizes: [UInt64] = []
        while position < length {
            sizing.observe(read: position * mebibyte, late: UInt64(lateBytes))
            let size = sizing.size / mebibyte
            sizes.append(size)
            lateBytes += Double(size * mebibyte) * late(size, position)
            position += size
        }
        return sizes
    }

    private static func bytes(_ sizes: some Sequence<UInt64>, of size: UInt64) -> UInt64 {
        sizes.filter { $0 == size }.reduce(0, +)
    }

    @Test func rangesGrowWhereTheReaderIsWaitedFor() {
        let sizes = Self.sizes(2000) { _, _ in 0.1 }
        #expect(sizes.prefix(15) == [4, 4, 4, 4, 4, 4, 4, 4, 8, 8, 8, 8, 16, 16, 32])
        #expect(sizes.dropFirst(15).allSatisfy { $0 == 64 })
    }

    @Test func rangesStayShortWhereTheNetworkIsSlow() {
        #expect(Self.sizes(5000) { _, _ in 0.3 }.allSatisfy { $0 == 4 })
    }

    /// Several connections do, and one does not: tried now and then, and left again.
    @Test func longRangesAreTriedSeldomWhereTheyWereTooSlow() {
        let sizes = Self.sizes(20_000) { size, _ in size == 4 ? 0.1 : 0.9 }
        #expect(Set(sizes) == [4, 8])
        #expect(Self.bytes(sizes, of: 4) > 19_500)
    }

    @Test func rangesAreShortAgainWhereTheNetworkHasBecomeSlow() {
        let sizes = Self.sizes(6000) { _, position in position < 2000 ? 0 : 0.9 }
        #expect(sizes.contains(64))
        #expect(Self.bytes(sizes, of: 4) > 3800)
    }

    /// A moment's wait costs some short ranges, and no more.
    @Test func rangesGrowAgain() {
        let sizes = Self.sizes(4000) { _, position in (1000..<1064).contains(position) ? 0.5 : 0 }
        #expect(Self.bytes(sizes, of: 64) > 3600)
    }

    @Test func aFixedLengthStays() {
        var sizing = RangeSizing(100_000...100_000)
        for step in 0..<1000 as Range<UInt64> { sizing.observe(read: step << 20, late: step << 18) }
        #expect(sizing.size == 100_000)
    }
}
