import DriverProtocol
import TestSupport
import Testing

@testable import S3

/// Downloads from a service that answers oddly: Tests/Rigs/s3-strict.py.
@Suite struct ObjectDownloadTests {
    private static let length = 5_000_000
    private static let content = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 9) }

    /// A download of an object with ``content`` from a service with those quirks.
    private static func download(_ strict: StrictS3Server) throws -> ObjectDownload {
        let client = client(of: strict)
        let upload = try ObjectUpload(
            client,
            ObjectUpload.Target(
                bucket: "b", key: "k", length: UInt64(length), partSize: 8 << 20, concurrency: 1))
        try content.withUnsafeBytes { try upload.write($0) }
        try upload.finish()
        return ObjectDownload(client, bucket: "b", key: "k")
    }

    private static func read(_ download: ObjectDownload) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let lent = try download.lend() { bytes += lent.bytes }
        return bytes
    }

    @Test func whatBreaksOffGoesOnWhereItBroke() throws {
        let strict = try StrictS3Server(["short=900000"])
        #expect(try Self.read(Self.download(strict)) == Self.content)
        let ranges = try strict.asked().compactMap { line -> ClosedRange<Int>? in
            guard line.hasPrefix("GET /b/k ") else { return nil }
            let ends = line.split(separator: " ")[2].split(separator: "-").compactMap { Int($0) }
            return ends[0]...ends[1]
        }
        // 4 MiB in five answers and the rest in one, none of whose bytes came twice.
        #expect(ranges.count == 6)
        #expect(ranges.map(\.lowerBound).sorted() == [0, 900_000, 1_800_000, 2_700_000, 3_600_000, 4 << 20])
        #expect(Set(ranges.map(\.upperBound)) == [(4 << 20) - 1, Self.length - 1])
    }

    @Test(arguments: [
        ("whole", "the whole object came"), ("shifted", "bytes 1-4194304/5000000 came"),
        ("endless", "more came"), ("changed", "the ETag is"),
    ]) func anotherAnswerIsNotTaken(quirk: String, words: String) throws {
        let strict = try StrictS3Server([quirk])
        let download = try Self.download(strict)
        let error = #expect(throws: DriverError.self) { _ = try Self.read(download) }
        #expect(error?.cause.contains(words) == true, "\(String(describing: error))")
        #expect(error?.object.contains("s3://b/k") == true)
    }
}
