import Testing

@testable import S3

@Suite struct PartPlanTests {
    static let lengths: [(length: UInt64, wished: UInt64, size: UInt64)] = [
        (0, 8 << 20, 8 << 20),
        ((8 << 20) * 10_000, 8 << 20, 8 << 20),
        ((8 << 20) * 10_000 + 1, 8 << 20, 9 << 20),
        (2 << 40, 8 << 20, 210 << 20),
        (5 << 40, 5 << 20, 525 << 20),
        (5 << 40, 5 << 30, 5 << 30),
    ]

    @Test(arguments: lengths) func partsAreEnlarged(length: UInt64, wished: UInt64, size: UInt64) throws {
        let plan = try #require(PartPlan(length: length, partSize: wished))
        #expect(plan.size(ofPart: 1) == size)
        #expect(plan.size(ofPart: 10_000) == size)
        #expect(size * 10_000 >= length)
    }

    @Test func moreThanFiveTebibytesAreRefused() {
        #expect(PartPlan(length: PartPlan.maximumLength + 1, partSize: 8 << 20) == nil)
        #expect(PartPlan(length: PartPlan.maximumLength, partSize: 8 << 20) != nil)
    }

    @Test(arguments: [5, 8, 32, 5120] as [UInt64]) func unknownLengthsReachTheLimit(megabytes: UInt64) throws {
        let plan = try #require(PartPlan(length: nil, partSize: megabytes << 20))
        #expect(plan.size(ofPart: 1) == megabytes << 20)
        var total: UInt64 = 0
        for number in 1...PartPlan.maximumParts {
            #expect(plan.size(ofPart: number) <= PartPlan.maximumPartSize)
            total += plan.size(ofPart: number)
        }
        #expect(total >= PartPlan.maximumLength)
    }
}
