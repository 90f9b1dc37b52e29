import DriverProtocol
import TestSupport
import Testing

@testable import S3

/// Services that list as S3 did long ago, or round in circles: Tests/Rigs/s3-strict.py.
@Suite struct OddListingTests {
    /// 2,500 objects of a byte; the last name of the first page has a character in it that XML cannot hold.
    @Test(arguments: [
        ["many"], ["many", "version-1"], ["many", "version-1", "no-marker"], ["many", "version-1=refused"],
        ["many", "version-1=refused", "no-marker"], ["many", "early-blanks"],
        ["many", "version-1", "encodes"],
    ]) func everyObjectCounts(quirks: [String]) throws {
        let strict = try StrictS3Server(quirks)
        let usage = try client(of: strict).usage(bucket: "b")
        #expect(usage.objects == 2500 && usage.bytes == 2500)
        #expect(try strict.asked().count == (quirks.contains("version-1=refused") ? 4 : 3))
    }

    @Test(arguments: [["same-listing"], ["circle"], ["same-listing", "version-1"]])
    func aListingThatNeverEndsIsAnError(quirks: [String]) throws {
        let strict = try StrictS3Server(quirks)
        let error = #expect(throws: DriverError.self) { _ = try client(of: strict).usage(bucket: "b") }
        #expect(error?.cause.contains("names no next one") == true)
        #expect(try strict.asked().count < 10)
    }

    @Test func whatHasNoSizeIsNotTakenForEmpty() throws {
        let strict = try StrictS3Server(["no-sizes"])
        let error = #expect(throws: DriverError.self) { _ = try client(of: strict).usage(bucket: "b") }
        #expect(error?.cause.contains("an object has no size") == true)
    }

    @Test func circlesOfAnyLengthAreFound() {
        for length in 1...40 {
            var marks = PageMarks()
            let rounds = (0..<1000).prefix { number in
                // A way to the circle, and then the circle.
                marks.isNew(number < 7 ? "\(number)" : "circle \((number - 7) % length)")
            }
            #expect(rounds.count < 200, "\(length)")
        }
        var marks = PageMarks()
        #expect((0..<1000).allSatisfy { marks.isNew("\($0)") })
    }
}
