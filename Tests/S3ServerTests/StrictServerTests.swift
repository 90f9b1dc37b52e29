import DriverProtocol
import TestSupport
import Testing

@testable import S3

/// A client of `server`, which lives as long as the client does. It logs to `log`.
func client(
    of server: StrictS3Server, log: @escaping @Sendable (String) -> Void = { _ in }
) -> S3Client {
    let keys = S3Credentials(accessKeyID: "id", secretAccessKey: "secret")
    let service = S3Service(
        endpoint: S3Endpoint(server.endpoint, usesPathStyle: true)!, region: "us-east-1", credentials: keys)
    return S3Client(service, log: Log(action: "test", id: "1") { line in withExtendedLifetime(server) { log(line) } })
}

func object(_ key: String = "k") -> S3Address { S3Address(bucket: "b", key: key) }

/// Lessons that a client learns from refusals: Tests/Rigs/s3-strict.py.
@Suite struct StrictServerTests {
    @Test func aRegionIsTakenFromTheFirstRefusalAndKept() throws {
        let strict = try StrictS3Server(region: "eu-central-1")
        let client = client(of: strict)
        #expect(try client.usage(bucket: "b").bytes == 3)
        #expect(client.region == "eu-central-1")
        #expect(try strict.asked().count == 2)
        #expect(try client.usage(bucket: "b").objects == 1)
        #expect(try strict.asked().count == 3)
    }

    @Test func aRegionIsTakenFromARedirectToo() throws {
        let strict = try StrictS3Server(region: "eu-central-1")
        let client = client(of: strict)
        #expect(try client.head(bucket: "b") != nil)
        #expect(client.region == "eu-central-1")
        #expect(try strict.asked().count == 2)
    }

    /// The reason why a HEAD was refused is asked for in words that every service knows.
    @Test func aServiceOfTheFirstVersionSaysWhyItRefuses() throws {
        let client = client(of: try StrictS3Server(["forbidden", "version-1=refused"]))
        let error = #expect(throws: DriverError.self) { _ = try client.head(bucket: "b") }
        #expect(error?.cause.hasPrefix("AccessDenied: refused (HTTP 403") == true, "\(String(describing: error))")
    }

    /// The server is the proxy on the way there: it sees which host is asked for.
    @Test(arguments: [
        "bucket.vpce-1a2b.s3.us-east-1.vpce.amazonaws.com", "s3.dualstack.us-east-1.amazonaws.com",
        "s3-fips.us-east-1.amazonaws.com",
    ]) func anEndpointThatWasChosenStaysWhateverTheRegion(host: String) throws {
        let strict = try StrictS3Server(region: "eu-central-1")
        let endpoint = try #require(S3Endpoint("http://" + host, usesPathStyle: true))
        let keys = S3Credentials(accessKeyID: "id", secretAccessKey: "secret")
        var service = S3Service(endpoint: endpoint, region: endpoint.region ?? "", credentials: keys)
        service.http.proxy = strict.endpoint
        let client = S3Client(service, log: Log(action: "test", id: "1") { _ in })
        #expect(try client.usage(bucket: "b").bytes == 3)
        #expect(client.region == "eu-central-1")
        #expect(try strict.asked().map { $0.contains("http://\(host)/b?") } == [true, true])
    }

    @Test func aRegionIsFoundWhereHeadersAreMute() throws {
        let strict = try StrictS3Server(region: "eu-central-1", ["mute"])
        #expect(try client(of: strict).head(bucket: "b") != nil)
        // HEAD, a listing, the same in the right region, HEAD again.
        #expect(try strict.asked().count == 4)
        #expect(try client(of: strict).head(object("none")) == nil)
    }

    @Test(arguments: [-86_400, -1000, 0, 1000, 86_400]) func aClockThatIsOffIsSetOnce(seconds: Int) throws {
        let strict = try StrictS3Server(clock: seconds)
        let client = client(of: strict)
        #expect(try client.usage(bucket: "b").bytes == 3)
        #expect(try client.usage(bucket: "b").bytes == 3)
        #expect(try strict.asked().count == (seconds == 0 ? 2 : 3))
    }

    @Test func uploadsThatWereLeftOpenAreFound() throws {
        let strict = try StrictS3Server()
        let client = client(of: strict)
        let uploads = try client.openUploads(bucket: "b", prefix: "marketapp-3")
        #expect(uploads == [S3OpenUpload(object: object("marketapp-3"), id: "old", initiated: 1_577_836_800)])
        try client.abortUpload("old", of: uploads[0].object)
        #expect(try client.openUploads(bucket: "b", prefix: "marketapp-3").isEmpty)
    }

    @Test func anEarlyEndIsNeverCompleted() throws {
        let strict = try StrictS3Server()
        let upload = try ObjectUpload(
            client(of: strict),
            ObjectUpload.Target(object(), length: 100, partSize: 5 << 20, concurrency: 2))
        try [UInt8](repeating: 1, count: 99).withUnsafeBytes { try upload.write($0) }
        #expect(throws: DriverError.self) { try upload.finish() }
        upload.discard()
        #expect(try strict.asked().isEmpty)
    }

    @Test func fiveTebibytesAreRefusedBeforeAByteIsSent() throws {
        let strict = try StrictS3Server()
        let target = ObjectUpload.Target(
            object(), length: PartPlan.maximumLength + 1, partSize: 5 << 20, concurrency: 2)
        #expect(throws: DriverError.self) { _ = try ObjectUpload(client(of: strict), target) }
        #expect(try strict.asked().isEmpty)
    }
}
