import DriverProtocol
import TestSupport
import Testing

@testable import S3

/// Downloads from a service that replies oddly: Tests/Rigs/s3-strict.py.
@Suite struct ObjectDownloadTests {
    private static let length = 5_000_000
    private static let content = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 9) }

    /// A download of an object with ``content`` from a service with those quirks.
    private static func download(_ strict: StrictS3Server) throws -> ObjectDownload {
        let client = client(of: strict)
        let upload = try ObjectUpload(
            client,
            ObjectUpload.Target(object(), length: UInt64(length), partSize: 8 << 20, concurrency: 1))
        try content.withUnsafeBytes { try upload.write($0) }
        try upload.finish()
        return ObjectDownload(client, object())
    }

    private static func read(_ download: ObjectDownload) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let lent = try download.lend() { bytes += lent.bytes }
        return bytes
    }

    /// The ranges that were asked for.
    private static func ranges(_ strict: StrictS3Server) throws -> [ClosedRange<Int>] {
        try strict.asked().compactMap { line in
            guard line.hasPrefix("GET /b/k ") else { return nil }
            let ends = line.split(separator: " ")[2].split(separator: "-").compactMap { Int($0) }
            return ends[0]...ends[1]
        }
    }

    @Test(arguments: ["short=900000", "no-length"]) func whatBreaksOffGoesOnWhereItBroke(quirk: String) throws {
        let strict = try StrictS3Server([quirk])
        #expect(try Self.read(Self.download(strict)) == Self.content)
        let ranges = try Self.ranges(strict)
        // 4 MiB in five answers and the rest in one, none of whose bytes came twice.
        #expect(ranges.count == 6)
        #expect(ranges.map(\.lowerBound).sorted() == [0, 900_000, 1_800_000, 2_700_000, 3_600_000, 4 << 20])
        #expect(Set(ranges.map(\.upperBound)) == [(4 << 20) - 1, Self.length - 1])
    }

    /// A proxy that alters answers makes ETags weak, and a condition with one of them never holds.
    @Test(arguments: [["weak"], ["weak", "short=900000"]]) func aWeakTagIsNoCondition(quirks: [String]) throws {
        let strict = try StrictS3Server(quirks)
        #expect(try Self.read(Self.download(strict)) == Self.content)
    }

    @Test func anotherWeakTagIsAnotherVersion() throws {
        let strict = try StrictS3Server(["weak", "changed"])
        let error = #expect(throws: DriverError.self) { _ = try Self.read(Self.download(strict)) }
        #expect(error?.cause.contains("it has changed on the server") == true, "\(String(describing: error))")
    }

    @Test func whatIsWholeIsNotAskedForAgain() throws {
        let strict = try StrictS3Server(["late"])
        #expect(try Self.read(Self.download(strict)) == Self.content)
        #expect(
            try Self.ranges(strict).sorted { $0.lowerBound < $1.lowerBound } == [0...4_194_303, 4_194_304...4_999_999])
    }

    @Test func answersThatBringNothingHaveAnEnd() throws {
        let strict = try StrictS3Server(["short=1"])
        let error = #expect(throws: DriverError.self) { _ = try Self.read(Self.download(strict)) }
        #expect(error?.cause.contains("tried 5 times") == true, "\(String(describing: error))")
    }

    @Test(arguments: [
        ("whole", "the whole object came"), ("shifted", "bytes 1-4194304/5000000 came"),
        ("endless", "more came"), ("no-range", "says not which it is"),
        ("changed", "it has changed on the server meanwhile"),
        ("grown", "it has changed on the server meanwhile: it has 5000001 bytes where it had 5000000"),
        ("shrunk", "it has changed on the server meanwhile: InvalidRange"),
    ]) func anotherAnswerIsNotTaken(quirk: String, words: String) throws {
        let strict = try StrictS3Server([quirk])
        let download = try Self.download(strict)
        let error = #expect(throws: DriverError.self) { _ = try Self.read(download) }
        #expect(error?.cause.contains(words) == true, "\(String(describing: error))")
        #expect(error?.object.contains("s3://b/k") == true)
    }
}
