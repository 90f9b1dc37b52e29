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

    static let few: [(length: UInt64, parts: Int, size: UInt64)] = [
        ((8 << 20) * 1000, 1000, 8 << 20), ((8 << 20) * 1000 + 1, 1000, 9 << 20), (1 << 40, 1000, 1049 << 20),
        (5 << 40, 1024, 5 << 30), (10 << 30, 2, 5 << 30),
    ]

    @Test(arguments: few) func partsGrowWhereFewAreTaken(length: UInt64, parts: Int, size: UInt64) throws {
        let plan = try #require(PartPlan(length: length, partSize: 8 << 20, maximumParts: parts))
        #expect(plan.size(ofPart: parts) == size)
        #expect(
            PartPlan(length: UInt64(parts) * PartPlan.maximumPartSize + 1, partSize: 8 << 20, maximumParts: parts)
                == nil)
    }

    @Test(arguments: [2, 10, 100, 1000, 9999]) func unknownLengthsGrowWithTheParts(parts: Int) throws {
        let plan = try #require(PartPlan(length: nil, partSize: 8 << 20, maximumParts: parts))
        let sizes = (1...parts).map { plan.size(ofPart: $0) }
        #expect(sizes == sizes.sorted() && sizes[0] == 8 << 20 && sizes.allSatisfy { $0 <= PartPlan.maximumPartSize })
        // 1,000 parts hold 2 TB where the first one has 8 MB.
        #expect(parts < 1000 || sizes.reduce(0, +) > 1 << 40)
    }

    @Test func moreThanFiveTebibytesAreRefused() {
        #expect(PartPlan(length: PartPlan.maximumLength + 1, partSize: 8 << 20) == nil)
        #expect(PartPlan(length: PartPlan.maximumLength, partSize: 8 << 20) != nil)
    }

    @Test(arguments: [5, 8, 32, 5120] as [UInt64]) func unknownLengthsReachTheLimit(megabytes: UInt64) throws {
        let plan = try #require(PartPlan(length: nil, partSize: megabytes << 20))
        #expect(plan.size(ofPart: 1) == megabytes << 20)
        var total: UInt64 = 0
        for number in 1...PartPlan.mostParts {
            #expect(plan.size(ofPart: number) <= PartPlan.maximumPartSize)
            total += plan.size(ofPart: number)
        }
        #expect(total >= PartPlan.maximumLength)
    }
}
