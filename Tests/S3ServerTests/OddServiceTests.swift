import DriverProtocol
import Synchronization
import TestSupport
import Testing

@testable import S3

/// Services that reply differently from most: the quirks of Tests/Rigs/s3-strict.py.
@Suite struct OddServiceTests {
    private static func upload(_ bytes: Int, to client: S3Client, owner: String = "") throws -> ObjectUpload {
        let target = ObjectUpload.Target(object(), length: nil, partSize: 5 << 20, concurrency: 2, owner: owner)
        let upload = try ObjectUpload(client, target)
        try [UInt8](repeating: 1, count: bytes).withUnsafeBytes { try upload.write($0) }
        return upload
    }

    @Test(arguments: [-600, 0, 600]) func theAgeOfAnUploadIsThatOfItsNewestPart(clock: Int) throws {
        let client = client(of: try StrictS3Server(clock: clock))
        let running = try #require(try client.openUploads(bucket: "b", prefix: "marketapp-4").first)
        let age = try #require(try client.idleTime(of: running))
        #expect((99...130).contains(age), "\(age) s")
        let old = try #require(try client.openUploads(bucket: "b", prefix: "marketapp-3").first)
        #expect(try #require(try client.idleTime(of: old)) > 86_400)
    }

    /// One PUT, or three parts.
    @Test(arguments: [100, 11 << 20]) func whatAnEarlierTryHasSentLateIsReplaced(bytes: Int) throws {
        let strict = try StrictS3Server(["leftover"])
        let client = client(of: strict)
        let upload = try Self.upload(bytes, to: client, owner: "7 1795310619")
        try upload.finish()
        #expect(try client.head(object())?.size == UInt64(bytes))
        #expect(try strict.asked().contains("DELETE /b/k"))
    }

    @Test func whatAnotherHasSentMeanwhileIsNot() throws {
        let strict = try StrictS3Server(["leftover"])
        let client = client(of: strict)
        let upload = try Self.upload(100, to: client)
        let error = #expect(throws: DriverError.self) { try upload.finish() }
        #expect(error?.cause == "an object of that name has come into being meanwhile (HTTP 412)")
        upload.discard()
        #expect(try client.head(object())?.size == 3)
    }

    @Test func namesAreComparedByteByByte() throws {
        let client = client(of: try StrictS3Server())
        #expect(try client.openUploads(bucket: "b", prefix: "marketapp-e\u{301}") == [])
        #expect(try client.openUploads(bucket: "b", prefix: "marketapp-\u{E9}").map(\.id) == ["accent"])
    }

    @Test func aListingThatNeverEndsIsAnError() throws {
        let strict = try StrictS3Server(["same-page"])
        let error = #expect(throws: DriverError.self) {
            _ = try client(of: strict).openUploads(bucket: "b", prefix: "")
        }
        #expect(error?.cause.contains("names no next one") == true)
        #expect(try strict.asked().count == 2)
    }

    @Test func bytesAreAskedForWhereCephKeepsThemBack() throws {
        let strict = try StrictS3Server(["ceph"])
        #expect(try client(of: strict).head(bucket: "b", countsBytes: true)?.used == 7)
        #expect(try strict.asked() == ["HEAD /b", "HEAD /b?read-stats=true"])
        #expect(try client(of: strict).head(bucket: "b") != nil)
        #expect(try strict.asked().count == 3)
    }

    @Test func whatIsMissingIsNamed() throws {
        for (quirks, words) in [
            (["no-bucket"], ["NoSuchBucket", "HTTP 404", "request tx1"]),
            (["no-object"], ["no such object", "HTTP 404", "request tx1"]),
        ] {
            let client = client(of: try StrictS3Server(quirks))
            let error = #expect(throws: DriverError.self) {
                try ObjectDownload(client, object()).open()
            }
            #expect(words.allSatisfy { error?.cause.contains($0) == true }, "\(String(describing: error))")
        }
        let error = try client(of: StrictS3Server(["no-bucket"])).missing(bucket: "b")
        #expect(error.cause == "NoSuchBucket: refused (HTTP 404, request tx1)")
    }

    @Test func sizesThatNothingHasAreErrors() throws {
        let client = client(of: try StrictS3Server(["huge"]))
        let sum = #expect(throws: DriverError.self) { _ = try client.usage(bucket: "b") }
        #expect(sum?.cause.contains("2^64") == true)
        // The upload's own check of its object.
        let upload = try Self.upload(1, to: client)
        let size = #expect(throws: DriverError.self) { try upload.finish() }
        #expect(size?.cause.contains("9223372036854775807") == true)
        upload.discard()
    }

    @Test func conditionsAreLeftOutWhereTheyAreRefused() throws {
        for bytes in [1, 6 << 20] {
            let strict = try StrictS3Server(["no-conditions"])
            let client = client(of: strict)
            try Self.upload(bytes, to: client).finish()
            #expect(try client.head(object())?.size == UInt64(bytes))
        }
    }

    @Test func anUploadThatCannotBeAbortedKeepsNothingElseFromGoing() throws {
        let said = Mutex<[String]>([])
        let strict = try StrictS3Server(["no-abort", "other-etag"])
        let client = client(of: strict) { line in said.withLock { $0.append(line) } }
        let upload = try Self.upload(6 << 20, to: client)
        let error = #expect(throws: DriverError.self) { try upload.finish() }
        #expect(error?.operation == "verify")
        upload.discard()
        #expect(try client.head(object()) == nil)
        let warnings = said.withLock { $0 }.filter { $0.contains("cannot abort the upload of s3://b/k") }
        #expect(warnings.count == 1 && warnings[0].contains("a day after the last part"), "\(warnings)")
    }
}
