import Foundation
import Glibc

/// An nginx of the test's own that serves a directory on 127.0.0.1.
package final class Nginx: Sendable {
    private let server: Server
    private let directory: TemporaryDirectory
    private let scheme: String

    /// Serves the files below `root`, with TLS if a certificate is given. `extra` goes into the server's block.
    package init(root: String, certificate: Certificate? = nil, extra: String = "") throws {
        directory = try TemporaryDirectory()
        scheme = certificate == nil ? "http" : "https"
        let tls = certificate.map {
            "ssl_certificate \($0.certificateFile); ssl_certificate_key \($0.keyFile);"
        }
        // Workers of an nginx that root starts would run as a user who cannot enter the test's directories.
        let user = getuid() == 0 ? "user root;" : ""
        server = try Server { [directory] ports in
            let configuration = """
                \(user) daemon off; pid nginx.pid; error_log stderr; worker_processes 1;
                events { worker_connections 256; }
                http {
                  access_log off; sendfile on;
                  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
                  uwsgi_temp_path uwsgi; scgi_temp_path scgi;
                  server { listen 127.0.0.1:\(ports[0])\(tls == nil ? "" : " ssl"); root \(root); \(tls ?? "") \(extra) }
                }
                """
            let file = try directory.write("nginx.conf", configuration.utf8)
            return [Self.program, "-p", directory.path, "-e", "stderr", "-c", file]
        }
    }

    /// Debian keeps it out of a user's PATH.
    private static let program =
        FileManager.default.isExecutableFile(atPath: "/usr/sbin/nginx") ? "/usr/sbin/nginx" : "nginx"

    package var port: Int { server.port }

    /// The URL of a path that begins with a slash.
    package func url(_ path: String) -> String { "\(scheme)://127.0.0.1:\(port)\(path)" }
}
