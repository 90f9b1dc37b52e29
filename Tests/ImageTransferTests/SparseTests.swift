import Checksums
import DriverProtocol
import Foundation
import Glibc
import Posix
import TestSupport
import Testing

@testable import ImageTransfer

/// Holes: found on the way in, kept on the way out.
@Suite struct SparseTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    /// Bytes, and the runs that they are divided into on multiples of four: data upper case, zeros lower case.
    @Test(
        arguments: [
            ([], ""), ([0], "z1"), ([1], "D1"), ([0, 0, 0, 0], "z4"), ([0, 0, 0, 1], "D4"),
            ([0, 0, 0, 0, 1], "z4 D1"), ([1, 0, 0, 0, 0], "D4 z1"), ([1, 0, 0, 0, 0, 0, 0, 0, 1], "D4 z4 D1"),
            ([1, 2, 3, 4, 5, 6, 7, 8], "D8"), ([0, 0, 0, 0, 0, 0, 0, 0, 0], "z9"),
            ([0, 0, 0, 0, 0, 0, 0, 0, 0, 9], "z8 D2"),
        ] as [([UInt8], String)])
    func dividesBytesIntoRuns(_ bytes: [UInt8], _ expected: String) {
        var runs: [String] = []
        var put: [UInt8] = []
        bytes.withUnsafeBytes { buffer in
            ZeroRuns(bytes: buffer, unit: 4).forEach {
                runs.append("D\($0.count)")
                put += $0
            } zeros: {
                runs.append("z\($0)")
                put += [UInt8](repeating: 0, count: $0)
            }
        }
        #expect(runs.joined(separator: " ") == expected)
        #expect(put == bytes)
    }

    /// A file of random extents, in units that are and are not multiples of a block.
    private func makeRandom(_ generator: inout SeededGenerator) throws -> (path: String, bytes: [UInt8]) {
        var data: [Int64: [UInt8]] = [:]
        var offset = 0
        for _ in 0..<generator.below(12) {
            offset += generator.below(3) * generator.pick([1, 511, 4096, 65536])
            let limit = generator.pick([2_000, 20_000, 200_000])
            let bytes = TestFiles.noise(generator.below(limit), seed: generator.next())
            data[Int64(offset)] = bytes
            offset += bytes.count
        }
        offset += generator.below(2) * generator.below(300_000)
        var whole = [UInt8](repeating: 0, count: offset)
        for (start, bytes) in data { whole.replaceSubrange(Int(start)..<Int(start) + bytes.count, with: bytes) }
        return (try TestFiles.makeSparse(directory.path("random"), length: Int64(offset), data: data), whole)
    }

    @Test func aFileSourceReproducesEveryLayout() throws {
        var generator = SeededGenerator.fresh()
        for _ in 0..<150 {
            let (path, bytes) = try makeRandom(&generator)
            let source = try FileSource(path: path)
            #expect(source.length == UInt64(bytes.count))
            let piece = generator.pick([max(13, bytes.count / 2000), 4096, 50_000, 1 << 20])
            let read = try contents(of: source, piece: piece)
            #expect(read.bytes == bytes, "TEST_SEED=\(generator.seed)")
        }
    }

    @Test func aCopyReproducesEveryLayout() throws {
        var generator = SeededGenerator.fresh()
        for round in 0..<50 {
            let (path, bytes) = try makeRandom(&generator)
            let sink = try FileSink(
                directory: directory.makeDirectory("out"), ImageNames("copy\(round)"), mode: 0o640, log: silent)
            let copied = try ImageCopy(FileSource(path: path), expected: ExpectedDigests(), log: silent).run(into: sink)
            let name = try sink.publish()
            let copy = directory.path("out/" + name)
            #expect(try Data(contentsOf: URL(filePath: copy)) == Data(bytes), "TEST_SEED=\(generator.seed)")
            #expect(try copied.source[.md5] == TestFiles.md5(path) && copied.stored == copied.source)
            #expect(try TestFiles.status(copy).mode & 0o7777 == 0o640)
        }
    }

    @Test func aFileSourcePassesOverHoles() throws {
        let path = try TestFiles.makeSparse(
            directory.path("file"), length: 64 << 20, data: [32 << 20: TestFiles.noise(1 << 20)])
        let source = try FileSource(path: path)
        let allocated = try #require(source.storageSize)
        #expect(allocated >= 1 << 20 && allocated < 2 << 20)
        let read = try contents(of: source)
        #expect(read.data.reduce(0) { $0 + $1.count } < 2 << 20)
        #expect(read.bytes.count == 64 << 20)
    }

    /// The room of a file on the disk, for bytes that come in these pieces.
    @Test(arguments: [1, 1000, 4096, 1 << 20])
    func aFileSinkWritesNoZeros(_ piece: Int) throws {
        let zeros = [UInt8](repeating: 0, count: 2 << 20)
        let parts = [
            ListSource.Part.data(TestFiles.noise(8192)), .data(zeros), .hole(16 << 20), .data([1]), .hole(100),
            .data(zeros),
        ]
        // A piece of one byte is a system call each: fewer of them.
        let source = ListSource(piece == 1 ? [parts[0], .hole(1 << 20), .data([0, 0, 1])] : parts, piece: piece)
        let sink = try FileSink(directory: directory.path, ImageNames("file"), mode: 0o600, log: silent)
        let copied = try ImageCopy(source, expected: ExpectedDigests(), log: silent).run(into: sink)
        let path = try directory.path(sink.publish())
        let status = try TestFiles.status(path)
        #expect(status.size == (piece == 1 ? (1 << 20) + 8195 : (20 << 20) + 8293))
        #expect(status.allocatedSize <= 64 << 10)
        #expect(try TestFiles.md5(path) == copied.stored[.md5])
    }

    @Test func aSinkThatIsDroppedLeavesNothing() throws {
        do {
            let sink = try FileSink(directory: directory.path, ImageNames("file"), mode: 0o600, log: silent)
            try [UInt8(1)].withUnsafeBytes { try sink.write($0) }
            let names = try directory.names()
            withExtendedLifetime(sink) { #expect(names.count == 1) }
        }
        #expect(try directory.names() == [])
    }

    @Test func takesTheFirstNameThatIsFree() throws {
        for name in ["a", "b"] { try directory.write(name, [1]) }
        symlink("nowhere", directory.path("c"))
        let names = ImageNames("a", "b", "c", "d", "e")
        #expect(try FileSink(directory: directory.path, names, mode: 0o600, log: silent).publish() == "d")
        let late = try FileSink(directory: directory.path, ImageNames("a", "b"), mode: 0o600, log: silent)
        #expect(throws: DriverError.self) { try late.publish() }
        #expect(try directory.names().filter { !$0.hasPrefix(".") } == ["a", "b", "c", "d"])
    }

    @Test func namesAreTheDigestsOfTimeAndID() throws {
        let names = Array(ImageNames(id: "42", epoch: 1_795_310_619).prefix(3))
        #expect(
            try names == [
                Digest.of("1795310619:42", .md5), Digest.of("1795310619:42:1", .md5),
                Digest.of("1795310619:42:2", .md5),
            ])
    }
}
