import DriverProtocol
import HTTP
import Posix
import TestSupport
import Testing

@testable import S3

/// A service that asks to be left alone for a while.
@Suite struct RetryTests {
    private let server: FaultServer
    private let directory: TemporaryDirectory
    private let said = Locked<[String]>([])

    init() throws {
        directory = try TemporaryDirectory()
        _ = try directory.makeDirectory("b")
        try directory.write("b/k", "<Answer>content</Answer>".utf8)
        server = try FaultServer(root: directory.path)
    }

    /// A client of a service that answers its first request with 503 and that Retry-After.
    private func client(retryAfter: Int) throws -> S3Client {
        let url = server.url("/~status=503,1/~retry-after=\(retryAfter)")
        var options = HTTPOptions()
        options.retryDelay = 0.01
        let service = S3Service(
            endpoint: try #require(S3Endpoint(url, usesPathStyle: true)), region: "us-east-1",
            credentials: S3Credentials(accessKeyID: "id", secretAccessKey: "secret"), http: options)
        return S3Client(service, log: Log(action: "test", id: "1") { [said] line in said.update { $0.append(line) } })
    }

    @Test func itsDelayIsKept() throws {
        let start = Clock.now
        let answer = try client(retryAfter: 1).exchange(S3Request(.get, "download", object()))
        #expect(answer.isSuccess && answer.isRepeated)
        #expect(answer.document?.root.text == "content")
        #expect(Clock.now - start >= 1)
        #expect(said.read { $0 }.map { $0.contains("trying again in 1.0 s") } == [true])
    }

    /// Who cleans up has little time.
    @Test(arguments: [(false, "60.0"), (true, "5.0")]) func itHasALimit(cleansUp: Bool, seconds: String) throws {
        var client = try client(retryAfter: 3600)
        if cleansUp { client = client.forCleanup }
        #expect(throws: Cancelled.self) {
            try client.exchange(S3Request(.get, "download", object()), goOn: { said.read { $0.isEmpty } })
        }
        #expect(said.read { $0 }.map { $0.contains("trying again in \(seconds) s") } == [true])
    }
}
