import Bytes
import Checksums
import DriverProtocol
import TestSupport
import Testing

@testable import S3

/// The SHA-256 that is signed with a body: Tests/Rigs/s3-strict.py refuses a wrong one.
@Suite struct SignedBodyTests {
    /// Keys and lengths of objects, uploaded in parts of 5 MiB.
    private static let objects = [
        ("three", (10 << 20) + 1000), ("full", 5 << 20), ("odd", (5 << 20) - 1), ("short", 100), ("empty", 0),
    ]

    /// With quirks each is sent twice: after a refusal, or because another ETag came back.
    @Test(arguments: [[], ["slow-down"], ["damaged-part"]]) func eachPartIsSentWithItsOwn(_ quirks: [String]) throws {
        let strict = try StrictS3Server(quirks)
        let client = client(of: strict)
        for (key, length) in Self.objects {
            let bytes = TestFiles.noise(length)
            let upload = try ObjectUpload(
                client, ObjectUpload.Target(object(key), length: nil, partSize: 5 << 20, concurrency: 3))
            // In pieces that do not end with a block.
            for start in stride(from: 0, to: length, by: 1_000_001) {
                try bytes[start..<min(start + 1_000_001, length)].withUnsafeBytes { try upload.write($0) }
            }
            try upload.finish()
            #expect(try client.head(object(key))?.md5 == hexadecimal(PartedChecksums.md5(of: bytes)))
            let isSingle = length <= 5 << 20
            let sent = try strict.asked().filter { $0.hasPrefix("PUT /b/\(key)") }.count
            let tries = quirks.isEmpty || isSingle && quirks == ["damaged-part"] ? 1 : 2
            #expect(sent == (isSingle ? 1 : 3) * tries)
        }
    }

    /// A digest that was computed before is signed, and libcrypto computes it if there is none.
    @Test(arguments: [nil, true, false]) func whatIsKnownIsNotComputedAgain(isRight: Bool?) throws {
        let client = client(of: try StrictS3Server())
        let body: [UInt8] = [1, 2, 3]
        let request = body.withUnsafeBytes { bytes in
            S3Request(
                .put, "upload", object(),
                bodySHA256: isRight.map { $0 ? Hash.sha256(bytes) : [UInt8](repeating: 0, count: 32) })
        }
        let answer = try body.withUnsafeBytes { try client.exchange(request, body: $0) }
        #expect(answer.isSuccess == (isRight != false))
        #expect(answer.code == (isRight == false ? "XAmzContentSHA256Mismatch" : nil))
    }

    @Test(arguments: [("http", true), ("https", false)]) func bodiesAreSignedOverPlainHTTPAlone(
        scheme: String, isSigned: Bool
    ) throws {
        let endpoint = try #require(S3Endpoint("\(scheme)://127.0.0.1:1", usesPathStyle: true))
        let keys = S3Credentials(accessKeyID: "id", secretAccessKey: "secret")
        let client = S3Client(
            S3Service(endpoint: endpoint, region: "us-east-1", credentials: keys),
            log: Log(action: "test", id: "1") { _ in })
        #expect(client.signsBodies == isSigned)
    }
}
