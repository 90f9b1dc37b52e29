import Checksums
import DriverProtocol
import Foundation
import Posix
import TestSupport
import Testing

@testable import ImageTransfer

@Suite struct DecompressionTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func compressed(_ bytes: [UInt8], _ compression: Compression) throws -> [UInt8] {
        let path = try directory.write("plain", bytes)
        try TestFiles.succeed(["sh", "-c", "\"$1\" < \"$2\" > \"$2.packed\"", "sh", compression.program, path])
        return [UInt8](try Data(contentsOf: URL(filePath: path + ".packed")))
    }

    /// Returns the MD5 of `bytes` by md5sum.
    private func md5(_ bytes: [UInt8]) throws -> String {
        try TestFiles.md5(directory.write("digested", bytes))
    }

    private func copy(_ bytes: [UInt8], piece: Int = .max, into sink: ListSink = ListSink()) throws -> ListSink {
        let source = ListSource([.data(bytes)], piece: piece)
        let result = try ImageCopy(source, expected: ExpectedDigests(), decompresses: true, log: silent).run(into: sink)
        #expect(try result.source[.md5] == md5(bytes) && result.stored[.md5] == md5(sink.bytes))
        return sink
    }

    @Test(arguments: Compression.allCases, [1, 511, 100_000, 700_000])
    func undoesACompression(_ compression: Compression, _ count: Int) throws {
        let plain = TestFiles.noise(count)
        let archive = try compressed(plain, compression)
        #expect(Compression(magic: archive) == compression)
        for piece in [1000, .max] { #expect(try copy(archive, piece: piece).bytes == plain) }
    }

    /// The output of several runs of a compressor, one after the other, is one file.
    @Test(arguments: Compression.allCases)
    func readsEveryMember(_ compression: Compression) throws {
        let (one, two) = (TestFiles.noise(50_000), TestFiles.noise(70_000, seed: 2))
        let archive = try compressed(one, compression) + compressed([], compression) + compressed(two, compression)
        #expect(try copy(archive).bytes == one + two)
    }

    /// A frame that holds no data.
    private func skippable(_ count: Int, _ last: UInt8 = 0x50) -> [UInt8] {
        [last, 0x2A, 0x4D, 0x18] + (0..<4).map { UInt8(count >> (8 * $0) & 0xFF) } + [UInt8](repeating: 7, count: count)
    }

    @Test(arguments: [Compression.zstd, .lz4], [[0], [4], [9, 0, 200], [500], [504], [70_000]])
    func passesOverFramesWithoutData(_ compression: Compression, _ lengths: [Int]) throws {
        let plain = TestFiles.noise(100_000)
        let archive = try compressed(plain, compression)
        let frames = lengths.enumerated().flatMap { skippable($0.element, 0x50 + UInt8(5 * $0.offset)) }
        // Frames that reach out of sight are zstd's.
        guard compression == .zstd || frames.count < 500 else { return }
        #expect(Compression(magic: frames + archive) == compression)
        #expect(try copy(frames + archive + skippable(10, 0x5F), piece: 700).bytes == plain)
    }

    /// A disk without a byte is none: what was to be in it has been lost.
    @Test func whatHoldsNoDataIsRefused() throws {
        let empty = try Compression.allCases.map { try compressed([], $0) }
        for archive in empty + [skippable(4), skippable(0) + skippable(600)] {
            let error = #expect(throws: DriverError.self) { try copy(archive) }
            #expect(error?.cause == "it holds no data")
        }
    }

    @Test func framesWithoutDataBeforeOtherBytesAreNone() throws {
        for bytes in [
            skippable(4) + Array("text".utf8), skippable(4) + [0x1F, 0x8B, 0x08, 0], [0x50, 0x2A, 0x4D, 0x18],
        ] {
            #expect(Compression(magic: bytes) == nil)
        }
    }

    /// The output of pzstd(1), of lz4(1) in its old format, and of zstd(1) with far distances, and headers with all
    /// their fields.
    @Test(arguments: [
        "pzstd -q -c", "lz4 -l -c", "zstd -q -c --long=31 --ultra -1", "zstd -q -c --no-check --stream-size=700000",
        "xz -c --check=none", "xz -c --check=sha256 --block-size=200KiB", "lz4 -c --content-size -BD",
        "lz4 -c --no-frame-crc",
        "python3 -c 'import gzip, sys; h = bytes([31, 139, 8, 30]) + bytes(4) + b\"\\2\\3\" + b\"\\6\\0ab\\2\\0cd\" + b\"n\\0c\\0\"; "
            + "import zlib; sys.stdout.buffer.write(h + (zlib.crc32(h) & 65535).to_bytes(2, \"little\") "
            + "+ gzip.compress(sys.stdin.buffer.read())[10:])'",
    ]) func readsWhatIsLegal(_ command: String) throws {
        let plain = TestFiles.noise(700_000)
        let path = try directory.write("plain", plain)
        try TestFiles.succeed(["sh", "-c", "\(command) < \"$1\" > \"$1.packed\"", "sh", path])
        let archive = [UInt8](try Data(contentsOf: URL(filePath: path + ".packed")))
        #expect(try copy(archive).bytes == plain)
    }

    @Test(arguments: [0x1E, 0x22, 0x27, 0x28] as [UInt8]) func knowsTheMagicsOfOlderVersions(_ first: UInt8) {
        #expect(Compression(magic: [first, 0xB5, 0x2F, 0xFD, 0, 0]) == .zstd)
    }

    /// Bytes after the stream (a signature, for example) are passed over with a warning. The digests are those of the
    /// whole file, even if the program stops reading long before its end.
    @Test(arguments: [Compression.gzip, .bzip2], [(3, 0), (100_000, 3 << 20), (8 << 20, 0)])
    func warnsOfWhatFollows(_ compression: Compression, _ following: (count: Int, hole: Int)) throws {
        let (count, hole) = following
        let plain = TestFiles.noise(300_000)
        let archive = try compressed(plain, compression) + TestFiles.noise(count, seed: 7)
        let lines = Locked<[String]>([])
        let log = Log(action: "test", id: "0") { line in lines.update { $0.append(line) } }
        let source = ListSource([.data(archive), .hole(UInt64(hole)), .data([1])])
        let sink = ListSink()
        let whole = archive + [UInt8](repeating: 0, count: hole) + [1]
        let expected = try ExpectedDigests(sha256: TestFiles.sha256(directory.write("whole", whole)))
        let result = try ImageCopy(source, expected: expected, decompresses: true, log: log).run(into: sink)
        #expect(try sink.bytes == plain && result.source[.md5] == md5(whole) && result.stored[.md5] == md5(plain))
        let warnings = lines.update { $0 }.filter { $0.hasPrefix("WARN: ") }
        #expect(warnings.count == 1 && warnings[0].contains("\(compression.program) says of the image 'list': "))
        #expect(warnings[0].contains("trailing garbage"))
    }

    @Test(arguments: [
        "", "B", "BZ", "BZh", "BZh9", "BZhello, this is a text", "BZh1AY&SX and so on", "\u{1F}", "(", "plain text",
        "BZhx1AY&SY", "BZh01AY&SY",
    ])
    func takesAsItIsWhatIsNotCompressed(_ text: String) throws {
        let bytes = Array(text.utf8)
        #expect(Compression(magic: bytes) == nil)
        #expect(try copy(bytes, piece: 1).bytes == bytes)
    }

    @Test func aHoleIsNoArchive() throws {
        let source = ListSource([.hole(5000), .data([0x1F, 0x8B, 0x08])])
        let sink = ListSink()
        _ = try ImageCopy(source, expected: ExpectedDigests(), decompresses: true, log: silent).run(into: sink)
        #expect(sink.bytes == [UInt8](repeating: 0, count: 5000) + [0x1F, 0x8B, 0x08])
    }

    /// Holes of a sparse archive are fed as the zeros that they are.
    @Test func feedsHolesToTheProgram() throws {
        let plain = [UInt8](repeating: 0, count: 1 << 20) + TestFiles.noise(1000)
        let archive = try compressed(plain, .zstd)
        let padded = ListSink()
        _ = try ImageCopy(
            ListSource([.data(archive), .hole(600_000)]), expected: ExpectedDigests(), decompresses: false, log: silent
        ).run(into: padded)
        let sink = ListSink()
        let error = try #require(throws: DriverError.self) {
            try ImageCopy(
                ListSource([.data(archive), .hole(600_000)]), expected: ExpectedDigests(), decompresses: true,
                log: silent
            ).run(into: sink)
        }
        // zstd takes the zeros for a damaged frame: they did reach it.
        #expect(error.cause.hasPrefix("zstd failed: ") && padded.bytes.count == archive.count + 600_000)
        #expect(sink.bytes == plain)
    }

    @Test(arguments: Compression.allCases)
    func refusesADamagedArchive(_ compression: Compression) throws {
        let archive = try compressed(TestFiles.noise(500_000), compression)
        var flipped = archive
        for offset in stride(from: 1000, to: archive.count - 100, by: 101) { flipped[offset] ^= 0x5A }
        let cuts = [archive.count - 1, archive.count / 2, 6, 10].map { Array(archive[..<$0]) }
        let followed = [.gzip, .bzip2].contains(compression) ? [] : [archive + [1, 2, 3]]
        for damaged in cuts + followed + [flipped] where Compression(magic: damaged) != nil {
            let error = try #require(throws: DriverError.self) { try copy(damaged) }
            #expect(error.operation == "decompress" && error.object == "the image 'list'")
            #expect(error.cause.hasPrefix("\(compression.program) failed: "))
            // The program's own words, not only its exit status.
            #expect(!error.cause.contains("exit status"))
            #expect(error.remedy.hasPrefix("check the file for damage"))
        }
    }

    @Test func checksTheDigestOfTheArchive() throws {
        let archive = try compressed(TestFiles.noise(100_000), .gzip)
        let document = "<MARKET_DRIVER_ACTION_DATA><A>\(try md5([1]))</A></MARKET_DRIVER_ACTION_DATA>"
        let expected = try ExpectedDigests(Message(text: Array(document.utf8)), md5: .optional("A", ""))
        let error = try #require(throws: DriverError.self) {
            try ImageCopy(ListSource([.data(archive)]), expected: expected, decompresses: true, log: silent).run(
                into: ListSink())
        }
        #expect(try error.operation == "verify" && error.cause.hasPrefix("its MD5 is \(md5(archive)) where "))
    }

    /// The feeder waits for a program that waits for a sink that has failed: all must end, at once.
    @Test(arguments: Compression.allCases)
    func endsWhereTheSinkFails(_ compression: Compression) throws {
        let archive = try compressed(TestFiles.noise(2 << 20), compression)
        let begun = Clock.now
        for limit in [0, 500_000] {
            #expect(throws: ListSink.Full.self) { try copy(archive, into: ListSink(limit: limit)) }
        }
        #expect(Clock.now - begun < 60)
    }

    /// A source that fails makes the program fail too: its own reason is told.
    @Test func tellsWhyTheSourceFailed() throws {
        let image = try directory.write("image", compressed(TestFiles.noise(3 << 20), .gzip))
        let source = try FileSource(path: image)
        try TestFiles.succeed(["truncate", "-s", "1M", image])
        let error = try #require(throws: DriverError.self) {
            try ImageCopy(source, expected: ExpectedDigests(), decompresses: true, log: silent).run(into: ListSink())
        }
        #expect(error.operation == "read" && error.cause.contains("while it was read"))
    }
}
