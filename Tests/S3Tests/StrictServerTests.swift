import DriverProtocol
import Synchronization
import TestSupport
import Testing

@testable import S3

/// What a client learns from refusals: Tests/Rigs/s3-strict.py.
@Suite struct StrictServerTests {
    private final class Strict {
        let port = freePort()
        let server: Server

        init(region: String, clock: Int) throws {
            server = try Server(
                PythonTools.command("s3-strict.py", String(port), region, String(clock)), port: port)
        }

        func client(log: @escaping @Sendable (String) -> Void = { _ in }) -> S3Client {
            let endpoint = S3Endpoint("http://127.0.0.1:\(port)", usesPathStyle: true)!
            let keys = S3Credentials(accessKeyID: "id", secretAccessKey: "secret")
            return S3Client(
                S3Service(endpoint: endpoint, region: "us-east-1", credentials: keys),
                log: Log(action: "test", id: "1", write: log))
        }

        func asked() throws -> [String] {
            try run(["curl", "-s", "http://127.0.0.1:\(port)/~requests"]).output.split(separator: "\n").map(String.init)
        }
    }

    @Test func aRegionIsTakenFromTheFirstRefusalAndKept() throws {
        let strict = try Strict(region: "eu-central-1", clock: 0)
        let client = strict.client()
        #expect(try client.usage(bucket: "b").bytes == 3)
        #expect(client.region == "eu-central-1")
        #expect(try strict.asked().count == 2)
        #expect(try client.usage(bucket: "b").objects == 1)
        #expect(try strict.asked().count == 3)
    }

    @Test func aRegionIsTakenFromARedirectToo() throws {
        let strict = try Strict(region: "eu-central-1", clock: 0)
        let client = strict.client()
        #expect(try client.head(bucket: "b") != nil)
        #expect(client.region == "eu-central-1")
        #expect(try strict.asked().count == 2)
    }

    @Test(arguments: [-86_400, -1000, 0, 1000, 86_400]) func aClockThatIsOffIsSetOnce(seconds: Int) throws {
        let strict = try Strict(region: "us-east-1", clock: seconds)
        let client = strict.client()
        #expect(try client.usage(bucket: "b").bytes == 3)
        #expect(try client.usage(bucket: "b").bytes == 3)
        #expect(try strict.asked().count == (seconds == 0 ? 2 : 3))
    }

    @Test func uploadsThatWereLeftOpenAreFound() throws {
        let strict = try Strict(region: "us-east-1", clock: 0)
        let client = strict.client()
        let uploads = try client.openUploads(bucket: "b", prefix: "marketapp-3")
        #expect(uploads == [S3OpenUpload(key: "marketapp-3", id: "old", initiated: 1_577_836_800)])
        try client.abortUpload("old", bucket: "b", key: "marketapp-3")
        #expect(try client.openUploads(bucket: "b", prefix: "marketapp-3").isEmpty)
    }

    @Test func anEarlyEndIsNeverCompleted() throws {
        let strict = try Strict(region: "us-east-1", clock: 0)
        let upload = try ObjectUpload(
            strict.client(),
            ObjectUpload.Target(bucket: "b", key: "k", length: 100, partSize: 5 << 20, concurrency: 2))
        try [UInt8](repeating: 1, count: 99).withUnsafeBytes { try upload.write($0) }
        #expect(throws: DriverError.self) { try upload.finish() }
        upload.discard()
        #expect(try strict.asked().isEmpty)
    }

    @Test func fiveTebibytesAreRefusedBeforeAByteIsSent() throws {
        let strict = try Strict(region: "us-east-1", clock: 0)
        let target = ObjectUpload.Target(
            bucket: "b", key: "k", length: PartPlan.maximumLength + 1, partSize: 5 << 20, concurrency: 2)
        #expect(throws: DriverError.self) { _ = try ObjectUpload(strict.client(), target) }
        #expect(try strict.asked().isEmpty)
    }
}
