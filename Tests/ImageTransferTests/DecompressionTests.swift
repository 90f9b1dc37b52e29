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

    /// The MD5 of `bytes` as md5sum has it.
    private func md5(_ bytes: [UInt8]) throws -> String {
        try TestFiles.md5(directory.write("digested", bytes))
    }

    private func copy(_ bytes: [UInt8], piece: Int = .max, into sink: ListSink = ListSink()) throws -> ListSink {
        let source = ListSource([.data(bytes)], piece: piece)
        let result = try ImageCopy(source, expected: ExpectedDigests(), decompresses: true, log: silent).run(into: sink)
        #expect(try result.source[.md5] == md5(bytes) && result.stored[.md5] == md5(sink.bytes))
        #expect(result.length == UInt64(sink.bytes.count))
        return sink
    }

    @Test(arguments: Compression.allCases, [0, 1, 511, 100_000, 3_000_000])
    func undoesACompression(_ compression: Compression, _ count: Int) throws {
        let plain = TestFiles.noise(count)
        let archive = try compressed(plain, compression)
        #expect(Compression(magic: archive) == compression)
        for piece in [1000, .max] { #expect(try copy(archive, piece: piece).bytes == plain) }
    }

    /// What several runs of a compressor have written one behind the other is one file.
    @Test(arguments: Compression.allCases)
    func readsEveryMember(_ compression: Compression) throws {
        let (one, two) = (TestFiles.noise(50_000), TestFiles.noise(70_000, seed: 2))
        let archive = try compressed(one, compression) + compressed([], compression) + compressed(two, compression)
        #expect(try copy(archive).bytes == one + two)
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
        let result = try ImageCopy(source, expected: ExpectedDigests(), decompresses: true, log: silent).run(into: sink)
        #expect(result.compression == nil)
        #expect(sink.bytes == [UInt8](repeating: 0, count: 5000) + [0x1F, 0x8B, 0x08])
    }

    /// Holes of a sparse archive are fed as the zeros that they are.
    @Test func feedsHolesToTheProgram() throws {
        let plain = [UInt8](repeating: 0, count: 1 << 20) + TestFiles.noise(1000)
        let archive = try compressed(plain, .zstd)
        let padded = try #require(
            try? ImageCopy(
                ListSource([.data(archive), .hole(600_000)]), expected: ExpectedDigests(), decompresses: false,
                log: silent
            ).run(into: ListSink()))
        let sink = ListSink()
        let error = try #require(throws: DriverError.self) {
            try ImageCopy(
                ListSource([.data(archive), .hole(600_000)]), expected: ExpectedDigests(), decompresses: true,
                log: silent
            ).run(into: sink)
        }
        // zstd takes the zeros for a damaged frame: they did reach it.
        #expect(error.cause.hasPrefix("zstd failed: ") && padded.length == UInt64(archive.count + 600_000))
        #expect(sink.bytes == plain)
    }

    @Test(arguments: Compression.allCases)
    func refusesADamagedArchive(_ compression: Compression) throws {
        let archive = try compressed(TestFiles.noise(500_000), compression)
        var flipped = archive
        for offset in stride(from: 1000, to: archive.count - 100, by: 101) { flipped[offset] ^= 0x5A }
        let cuts = [archive.count - 1, archive.count / 2, compression.magic.count, 10].map { Array(archive[..<$0]) }
        // bzip2 passes over what follows an archive, without a word.
        let followed = compression == .bzip2 ? [] : [archive + [1, 2, 3]]
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
        let expected = try ExpectedDigests(Message(text: Array(document.utf8)), md5: "A")
        let error = try #require(throws: DriverError.self) {
            try ImageCopy(ListSource([.data(archive)]), expected: expected, decompresses: true, log: silent).run(
                into: ListSink())
        }
        #expect(try error.operation == "verify" && error.cause.hasPrefix("its MD5 is \(md5(archive)) where "))
    }

    /// The feeder waits for a program that waits for a sink that has failed: all must end, at once.
    @Test(arguments: Compression.allCases, [0, 1_000_000])
    func endsWhereTheSinkFails(_ compression: Compression, _ limit: Int) throws {
        let archive = try compressed(TestFiles.noise(8 << 20), compression)
        let begun = Clock.now
        #expect(throws: ListSink.Full.self) { try copy(archive, into: ListSink(limit: limit)) }
        #expect(Clock.now - begun < 10)
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
