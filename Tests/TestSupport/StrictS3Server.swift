import Foundation

/// A service on 127.0.0.1 that is stricter than others, with quirks on request: Tests/Rigs/s3-strict.py.
package final class StrictS3Server: Sendable {
    private let server: Server

    /// - Parameters:
    ///   - clock: seconds that its clock is ahead of this machine's.
    ///   - quirks: its differences from others, described there.
    package init(region: String = "us-east-1", clock: Int = 0, _ quirks: [String] = []) throws {
        server = try Server { PythonTools.command("s3-strict.py", String($0[0]), region, String(clock)) + quirks }
    }

    package var endpoint: String { "http://127.0.0.1:\(server.port)" }

    /// Returns the requests that it has received, each as `GET /b?list-type=2`, and `GET /b/k 0-99` with a range.
    package func asked() throws -> [String] {
        try run(["curl", "-s", endpoint + "/~requests"]).output.split(separator: "\n").map(String.init)
    }
}
