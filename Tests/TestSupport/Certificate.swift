/// A server certificate, for 127.0.0.1 unless another name is given, and the authority that has signed it, made with
/// openssl(1), for some days.
package final class Certificate: Sendable {
    private let directory: TemporaryDirectory

    package init(names: String = "IP:127.0.0.1,DNS:localhost", days: Int = 2) throws {
        directory = try TemporaryDirectory()
        let extensions = try directory.write("extensions", "subjectAltName=\(names)\n".utf8)
        let newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        try openssl(
            [
                "req", "-x509", "-subj", "/CN=Test CA", "-days", "\(days)", "-out", authorityFile, "-keyout",
                path("ca.key"),
            ]
                + newKey)
        try openssl(["req", "-subj", "/CN=127.0.0.1", "-out", path("request"), "-keyout", keyFile] + newKey)
        try openssl([
            "x509", "-req", "-in", path("request"), "-CA", authorityFile, "-CAkey", path("ca.key"), "-CAcreateserial",
            "-days", "\(days)", "-extfile", extensions, "-out", certificateFile,
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
