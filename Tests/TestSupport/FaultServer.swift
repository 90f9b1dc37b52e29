import Foundation

/// Tests/Rigs/fault-server.py on a port of its own: a server that misbehaves as its URLs say; the file has the list.
package final class FaultServer: Sendable {
    /// A request that it has received.
    package struct Request: Decodable, Sendable {
        package let method: String
        package let path: String
        /// By their names in lower case.
        package let headers: [String: String]
    }

    private let server: Server
    private let scheme: String

    /// Serves the files below `root`.
    ///
    /// - Parameters:
    ///   - certificate: serves by TLS with this certificate.
    ///   - proxy: is also a proxy for those with these credentials, `USER:PASSWORD`.
    package init(root: String, certificate: Certificate? = nil, proxy: String? = nil) throws {
        scheme = certificate == nil ? "http" : "https"
        var options = ["--root", root]
        if let certificate { options += ["--cert", certificate.certificateFile, "--key", certificate.keyFile] }
        if let proxy { options += ["--proxy", proxy] }
        server = try Server { [options] in ["python3", Self.script, "--port", String($0[0])] + options }
    }

    package var port: Int { server.port }

    private static let script = Fixture.packageRoot.appending(path: "Tests/Rigs/fault-server.py").path

    /// The URL of a path that begins with a slash.
    package func url(_ path: String) -> String { "\(scheme)://127.0.0.1:\(port)\(path)" }

    /// Returns the requests so far, in order.
    package func requests() throws -> [Request] {
        let text = try run(["curl", "--silent", "--fail", "--insecure", "--noproxy", "*", url("/~requests")]).output
        return try text.split(separator: "\n").map { try JSONDecoder().decode(Request.self, from: Data($0.utf8)) }
    }
}
