import Checksums
import DriverProtocol
import Foundation
import Posix
import TestSupport
import Testing

@testable import ImageTransfer

@Suite struct DigestTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    @Test(arguments: [0, 1, 55, 56, 63, 64, 65, 4095, 1_048_576, 1_048_577, 3_000_000])
    func agreesWithTheSystem(_ count: Int) throws {
        let bytes = TestFiles.noise(count)
        let path = try directory.write("file", bytes)
        for (algorithm, expected) in [
            (Digest.Algorithm.md5, try TestFiles.md5(path)), (.sha256, try TestFiles.sha256(path)),
        ] {
            let whole = try Digest(algorithm)
            bytes.withUnsafeBytes(whole.update)
            #expect(whole.finish() == expected)
            let read = try Digest(algorithm).finish(reading: ListSource([.data(bytes)], piece: 777), log: silent)
            #expect(read == expected)
        }
    }

    @Test(arguments: [0, 1, 1 << 20, (1 << 20) + 1, 5_000_000] as [UInt64])
    func aHoleCountsAsZeros(_ count: UInt64) throws {
        let path = try TestFiles.makeSparse(directory.path("file"), length: Int64(count), data: [:])
        let digest = try Digest(.sha256)
        digest.updateZeros(count)
        #expect(try digest.finish() == TestFiles.sha256(path))
        let read = try Digest(.sha256).finish(reading: ListSource([.hole(count)]), log: silent)
        #expect(try read == TestFiles.sha256(path))
    }

    @Test(arguments: [
        ("", Digest.Algorithm.md5, "d41d8cd98f00b204e9800998ecf8427e"),
        ("abc", .md5, "900150983cd24fb0d6963f7d28e17f72"),
        ("abc", .sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
        ("abc", .sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ])
    func knowsTheVectorsOfTheStandards(_ text: String, _ algorithm: Digest.Algorithm, _ digest: String) throws {
        #expect(try Digest.of(text, algorithm) == digest)
    }

    /// Many digests at once, on data and holes of all sizes, while their threads contend for two cores.
    @Test func anIntakeKeepsTheOrder() throws {
        var generator = SeededGenerator.fresh()
        for _ in 0..<20 {
            let sink = ListSink()
            let intake = sink.intake(try [Digest(.md5), Digest(.sha256)])
            let plain = try Digest(.md5)
            for _ in 0..<generator.below(60) {
                if generator.once(in: 3) {
                    let count = UInt64(generator.below(5000))
                    try intake.skip(count)
                    plain.updateZeros(count)
                    continue
                }
                let buffer = try intake.buffer()
                // Nothing came: what is asked for next is the same memory.
                if generator.once(in: 5) {
                    #expect(try intake.buffer().baseAddress == buffer.baseAddress)
                    continue
                }
                let bytes = TestFiles.noise(generator.below(3000), seed: generator.next())
                buffer.copyBytes(from: bytes)
                try intake.take(bytes.count)
                bytes.withUnsafeBytes(plain.update)
            }
            let digests = try intake.finish()
            let expected = plain.finish()
            #expect(digests.count == 2 && digests[.md5] == expected, "TEST_SEED=\(generator.seed)")
            let written = try Digest(.md5)
            sink.bytes.withUnsafeBytes(written.update)
            #expect(written.finish() == expected, "TEST_SEED=\(generator.seed)")
        }
    }

    /// Dropped in the middle of its work it ends, and frees its buffers.
    @Test func aDigestThreadCanBeDropped() throws {
        for _ in 0..<50 {
            let thread = DigestThread([try Digest(.sha256)])
            thread.digest(thread.buffer(), count: DigestThread.bufferSize)
            thread.digestZeros(1 << 20)
        }
    }

    // MARK: What is expected

    private func message(_ md5: String, _ sha256: String) throws -> Message {
        let document = "<MARKET_DRIVER_ACTION_DATA><A>\(md5)</A><B>\(sha256)</B></MARKET_DRIVER_ACTION_DATA>"
        return try Message(text: Array(document.utf8))
    }

    @Test func expectsWhatTheMessageSays() throws {
        let (md5, sha256) = try (Digest.of("abc", .md5), Digest.of("abc", .sha256))
        let right = [Digest.Algorithm.md5: md5, .sha256: sha256]
        let wrong = try [Digest.Algorithm.md5: md5, .sha256: Digest.of("abd", .sha256)]
        let both = try ExpectedDigests(
            message(md5.uppercased(), sha256), md5: .optional("A", ""), sha256: .optional("B", ""))
        #expect(both.values == right)
        try both.check(right, of: "it")
        let error = try #require(throws: DriverError.self) { try both.check(wrong, of: "it") }
        #expect(error.cause.contains("its SHA256 is ") && error.cause.hasSuffix("\(sha256) was expected"))
        // If nothing is right, the strongest digest is reported.
        let other = try #require(throws: DriverError.self) {
            try both.check([.md5: Digest.of("abd", .md5), .sha1: "", .sha256: Digest.of("abd", .sha256)], of: "it")
        }
        #expect(other.cause == error.cause)
        let none = try ExpectedDigests(message("", ""), md5: .optional("A", ""), sha256: .optional("C", ""))
        #expect(none == ExpectedDigests())
        try none.check(wrong, of: "it")
    }

    @Test(arguments: [
        "x", "900150983cd24fb0d6963f7d28e17f7", "900150983cd24fb0d6963f7d28e17f72 ", "９00150983cd24fb0d6963f7d28e17f72",
    ])
    func refusesWhatIsNoDigest(_ text: String) throws {
        let message = try message(text, "")
        #expect(throws: DriverError.self) { try ExpectedDigests(message, md5: .optional("A", "")) }
    }
}
