import DriverProtocol
import Glibc
import Posix
import Synchronization
import TestSupport
import Testing

@testable import S3

/// A clock that is set while requests are under way: Tests/Rigs/s3-strict.py refuses all that is more than 900 s off.
@Suite struct SteppingClockTests {
    private final class Machine: Sendable {
        let step = Atomic<Int>(0)
        let failures = Locked<[String]>([])
    }

    @Test func everyThreadLearnsEveryStep() throws {
        let server = try StrictS3Server(region: "eu-central-1")
        defer { withExtendedLifetime(server) {} }
        let machine = Machine()
        var service = S3Service(
            endpoint: S3Endpoint(server.endpoint, usesPathStyle: true)!, region: "us-east-1",
            credentials: S3Credentials(accessKeyID: "id", secretAccessKey: "secret"))
        let clock = service.clock
        service.clock = { clock() + machine.step.load(ordering: .relaxed) }
        let client = S3Client(service, log: Log(action: "test", id: "1") { _ in })
        let threads = (0..<6).map { _ in
            Posix.Thread {
                for _ in 0..<60 {
                    do {
                        _ = try client.usage(bucket: "b")
                    } catch {
                        machine.failures.update { $0.append("\(error)") }
                    }
                }
            }
        }
        for step in [90_000, -90_000, 0] {
            usleep(150_000)
            machine.step.store(step, ordering: .relaxed)
        }
        for thread in threads { thread.join() }
        #expect(machine.failures.read { $0 } == [])
    }
}
