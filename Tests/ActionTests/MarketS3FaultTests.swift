import Foundation
import TestSupport
import Testing

/// Imports and exports through a proxy that misbehaves at random: Tests/Rigs/s3-faults.py.
@Suite struct MarketS3FaultTests {
    private struct Summary: Decodable {
        let succeeded: Int
        let failed: Int
        let wrong: [String]
    }

    @Test func everyRunEndsWholeOrLeavesNothing() throws {
        let server = try S3Server.shared(.ceph)
        let directory = try TemporaryDirectory()
        let seed = SeededGenerator.fresh().seed
        let outcome = try run(
            PythonTools.command(
                "s3-faults.py", server.endpoint, server.accessKey, server.secretKey, Programs.directory, directory.path,
                "200", String(seed)), timeout: 600)
        let summary = try JSONDecoder().decode(Summary.self, from: Data(outcome.output.utf8))
        #expect(summary.wrong == [], "TEST_SEED=\(seed)")
        #expect(summary.succeeded + summary.failed == 200)
        // Neither everything nor nothing can have gone well.
        #expect(summary.succeeded > 50 && summary.failed > 5, "\(summary.succeeded) and \(summary.failed)")
    }
}
