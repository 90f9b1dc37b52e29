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

/// A server certificate, for 127.0.0.1 unless another name is given, and the authority that has signed it, made with
/// openssl(1).
package final class Certificate: Sendable {
    private let directory: TemporaryDirectory

    package init(names: String = "IP:127.0.0.1,DNS:localhost") throws {
        directory = try TemporaryDirectory()
        let extensions = try directory.write("extensions", "subjectAltName=\(names)\n".utf8)
        let newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        try openssl(
            ["req", "-x509", "-subj", "/CN=Test CA", "-days", "2", "-out", authorityFile, "-keyout", path("ca.key")]
                + newKey)
        try openssl(["req", "-subj", "/CN=127.0.0.1", "-out", path("request"), "-keyout", keyFile] + newKey)
        try openssl([
            "x509", "-req", "-in", path("request"), "-CA", authorityFile, "-CAkey", path("ca.key"), "-CAcreateserial",
            "-days", "2", "-extfile", extensions, "-out", certificateFile,
        ])
    }

    package var authorityFile: String { path("ca.pem") }
    package var certificateFile: String { path("server.pem") }
    package var keyFile: String { path("server.key") }

    private func path(_ name: String) -> String { directory.path(name) }

    private func openssl(_ arguments: [String]) throws {
        let outcome = try run(["openssl"] + arguments)
        guard outcome.status.isSuccess else { throw Failure(reason: outcome.errors) }
    }

    package struct Failure: Error {
        package let reason: String
    }
}
