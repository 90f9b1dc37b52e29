import Glibc
import TestSupport
import Testing

@testable import Posix

/// Numbers from file systems about themselves and their files, which may be anything.
@Suite struct OddNumberTests {
    private static let ones = UInt64.max
    private static let megabyte: UInt64 = 1 << 20

    @Test(
        arguments: [
            // As it should be: the reserve is part of what is free, not of what is available.
            (4096, 1000, 600, 500, [4_096_000, 1_638_400, 2_048_000]),
            // More free than there is.
            (4096, 1000, 2000, 1500, [4_096_000, 0, 6_144_000]),
            // Less than nothing available: the reserve is in use.
            (4096, 1000, 20, ones - 79, [4_096_000, 4_014_080, 0]), (1, 5, 0, 1 << 63, [5, 5, 0]),
            // Nothing said.
            (0, 0, 0, 0, [0, 0, 0]), (4096, 0, 0, 0, [0, 0, 0]), (0, 1000, 600, 500, [0, 0, 0]),
            (4096, ones, ones, ones, [0, 0, 0]), (ones, ones, ones, ones, [0, 0, 0]),
            // Too many bytes for a number.
            (megabyte, 1 << 62, 1 << 61, 1 << 60, [ones, ones, ones]), (ones, 2, 1, 1, [ones, ones, ones]),
            (4096, 10, 0, 1 << 62, [40960, 40960, ones]),
        ] as [(UInt64, UInt64, UInt64, UInt64, [UInt64])])
    func countsOfBlocks(unit: UInt64, blocks: UInt64, free: UInt64, available: UInt64, expected: [UInt64]) {
        let space = FileSystemSpace(blockSize: unit, blocks: blocks, free: free, available: available)
        #expect([space.total, space.used, space.available] == expected)
        #expect(space.isKnown == (expected[0] > 0))
    }

    @Test(
        arguments: [
            (0, 0, 0, 0), (100, 8, 100, 4096), (-1, -1, 0, 0), (.max, .max, Int64.max, Int64.max),
            (5, 1 << 60, 5, Int64.max),
        ] as [(Int, Int, Int64, Int64)])
    func sizesOfFiles(size: Int, blocks: Int, expected: Int64, allocated: Int64) {
        var status = stat()
        (status.st_size, status.st_blocks, status.st_nlink) = (size, blocks, .max)
        let read = FileStatus(status)
        #expect(read.size == expected && read.allocatedSize == allocated && read.linkCount == .max)
    }

    @Test(arguments: [(1, 2, 3, 2), (0, .max, .max, 0), (.max, .max, .max, .max), (.max, 2, .max, .max)])
    func sumsAndProducts(one: UInt64, other: UInt64, sum: UInt64, product: UInt64) {
        #expect(one.addingClamped(other) == sum && one.multipliedClamped(by: other) == product)
    }

    // MARK: Renaming

    @Test(arguments: Renaming.allCases) func everyWayTakesAFreeNameAlone(_ way: Renaming) throws {
        let directory = try TemporaryDirectory()
        let from = try directory.write("from", [1])
        try directory.write("taken", [2])
        symlink("nowhere", directory.path("link"))
        for name in ["taken", "link"] {
            let error = try #require(throws: SystemError.self) { try way.apply(from: from, to: directory.path(name)) }
            #expect(error.code == EEXIST)
        }
        try way.apply(from: from, to: directory.path("free"))
        #expect(try directory.names() == ["free", "link", "taken"])
        #expect(try FileDescriptor.open(directory.path("taken"), O_RDONLY).readToEnd(limit: 10) == [2])
    }

    @Test func theLastWayTellsWhyThereIsNone() throws {
        let directory = try TemporaryDirectory()
        let from = try directory.write("from", [1])
        let error = try #require(throws: SystemError.self) {
            try Renaming.first(from: from, to: directory.path("none/to"))
        }
        #expect(error == SystemError("rename", directory.path("none/to"), code: ENOENT))
    }
}
