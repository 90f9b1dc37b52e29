import DriverProtocol
import TestSupport
import Testing

@testable import S3

/// Services whose entity tags are no MD5s, and completions that do not go as they should: Tests/Rigs/s3-strict.py.
@Suite struct OddTagTests {
    private static func upload(
        _ bytes: Int, _ strict: StrictS3Server, maximumParts: Int = PartPlan.mostParts, isKnown: Bool = false
    ) throws {
        var service = S3Service(
            endpoint: S3Endpoint(strict.endpoint, usesPathStyle: true)!, region: "us-east-1",
            credentials: S3Credentials(accessKeyID: "id", secretAccessKey: "secret"))
        service.http.retryDelay = 0.02
        let client = S3Client(service, log: Log(action: "test", id: "1") { _ in })
        let target = ObjectUpload.Target(
            object(), length: isKnown ? UInt64(bytes) : nil, partSize: 5 << 20, concurrency: 2,
            maximumParts: maximumParts)
        let upload = try ObjectUpload(client, target)
        defer { upload.discard() }
        try [UInt8](repeating: 1, count: bytes).withUnsafeBytes { try upload.write($0) }
        try upload.finish()
        #expect(try client.head(object())?.size == UInt64(bytes))
    }

    private static func parts(sentTo strict: StrictS3Server) throws -> Int {
        try strict.asked().count { $0.hasPrefix("PUT") && $0.contains("partNumber=") }
    }

    /// One PUT, and several parts; a service of tags of its own is found out with the first parts, of which two are
    /// under way at a time.
    @Test(arguments: [
        ("own-etags", 100, 0...0), ("own-etags", 31 << 20, 8...9), ("own-whole", 31 << 20, 7...7),
        ("untold", 31 << 20, 7...7), ("capitals", 31 << 20, 7...7), ("weak", 31 << 20, 7...7), ("weak", 100, 0...0),
    ])
    func tagsOfAServicesOwnMakingAreNoFailure(quirk: String, bytes: Int, sent: ClosedRange<Int>) throws {
        let strict = try StrictS3Server([quirk])
        try Self.upload(bytes, strict)
        #expect(try sent.contains(Self.parts(sentTo: strict)))
    }

    @Test(arguments: [("other-etag", 100), ("other-etag", 6 << 20)])
    func aTagThatIsNotTheOneThatWasGivenIs(quirk: String, bytes: Int) throws {
        let strict = try StrictS3Server([quirk])
        let error = #expect(throws: DriverError.self) { try Self.upload(bytes, strict) }
        #expect(error?.operation == "verify" && error?.cause.contains("was given to what was sent") == true)
    }

    /// If some tags are MD5s, those that are not are of other bytes.
    @Test func aServiceThatContradictsItselfHasAlteredData() throws {
        let strict = try StrictS3Server(["mixed-parts"])
        let error = #expect(throws: DriverError.self) { try Self.upload(31 << 20, strict) }
        #expect(error?.operation.hasPrefix("upload part ") == true)
        #expect(error?.remedy.contains("they alter data") == true)
    }

    @Test(arguments: ["late-errors=2", "broken-answer", "early-blanks"])
    func completionsThatFailAtFirstAreRepeated(quirk: String) throws {
        let strict = try StrictS3Server([quirk])
        try Self.upload(6 << 20, strict)
        let completions = try strict.asked().count { $0.hasPrefix("POST") && $0.contains("uploadId=") }
        #expect(completions == ["late-errors=2": 3, "broken-answer": 2][quirk] ?? 1)
    }

    @Test(arguments: [
        ("late-errors=9", "InternalError: refused (HTTP 200, request tx1)"),
        ("refused-late", "InvalidPart: refused (HTTP 200"),
        ("portal", "the answer is not S3's: "),
    ]) func aRefusalBehindStatus200IsSaid(quirk: String, cause: String) throws {
        let strict = try StrictS3Server([quirk])
        let error = #expect(throws: DriverError.self) { try Self.upload(6 << 20, strict) }
        #expect(error?.cause.contains(cause) == true, "\(String(describing: error))")
    }

    @Test func aWebPageIsNoDeletion() throws {
        let client = client(of: try StrictS3Server(["portal"]))
        let error = #expect(throws: DriverError.self) { try client.delete(object()) }
        #expect(error?.cause.contains("not S3's") == true && error?.remedy.contains("ENDPOINT") == true)
        #expect(throws: DriverError.self) { try client.abortUpload("u", of: object()) }
    }

    @Test(arguments: [true, false]) func partsGrowWhereAServiceTakesFew(isKnown: Bool) throws {
        let strict = try StrictS3Server()
        try Self.upload(31 << 20, strict, maximumParts: 3, isKnown: isKnown)
        #expect(try Self.parts(sentTo: strict) <= 3)
    }

    @Test func moreThanThePartsHoldIsRefused() throws {
        let strict = try StrictS3Server()
        let error = #expect(throws: DriverError.self) {
            let target = ObjectUpload.Target(
                object(), length: 11 << 30, partSize: 5 << 20, concurrency: 2, maximumParts: 2)
            _ = try ObjectUpload(client(of: strict), target)
        }
        #expect(error?.cause.contains("MAX_PARTS = 2") == true)
        #expect(try strict.asked().isEmpty)
    }
}
