import Foundation
import Glibc
import Posix

/// An S3 service of the test's own on 127.0.0.1.
package final class S3Server: @unchecked Sendable {
    package enum Kind: String, CaseIterable, Sendable {
        /// Ceph's gateway, on a cluster of one machine: Tests/Rigs/ceph-rig.
        case ceph
        case seaweed
        /// moto: a mock that knows every request, and takes any keys.
        case moto

        /// Whether a request with wrong keys is refused.
        package var checksKeys: Bool { self != .moto }
        /// Whether `BUCKET.localhost` leads to a bucket.
        package var knowsVirtualHosts: Bool { self != .seaweed }
    }

    package let kind: Kind
    package var accessKey: String { Self.keys[0] }
    package var secretKey: String { Self.keys[1] }
    /// A user who may do nothing in the first one's buckets; the secret is the same.
    package let otherAccessKey = "otherRIGACCESSKEY"
    /// A user of Ceph's who may store 20 MiB in all; the secret is the same.
    package let smallAccessKey = "smallRIGACCESSKEY"
    // It ends before its directory goes: a cluster finds its daemons there.
    private let server: Server
    private let directory: TemporaryDirectory

    /// - Parameter hasSessions: whether Ceph's gateway gives out keys that pass; it tells less of wrong keys then.
    package init(_ kind: Kind, hasSessions: Bool = false) throws {
        self.kind = kind
        let directory = try TemporaryDirectory()
        self.directory = directory
        switch kind {
        case .ceph:
            // A cluster takes its time: ten seconds on an idle machine of two cores, more under load.
            server = try Server(ports: 2, patience: .init(answer: 300, end: 60)) { ports in
                let cluster = try directory.makeDirectory("cluster-\(ports[0])")
                return [Self.rig] + (hasSessions ? ["--sessions"] : []) + ["run", cluster] + ports.map { String($0) }
            }
        case .seaweed:
            // It answers before it has found its other parts.
            server = try Server(ports: 8, isReady: Self.makesBuckets) { ports in
                try Self.seaweed(directory, ports)
            }
        case .moto:
            server = try Server { [PythonTools.path("moto_server"), "-H", "127.0.0.1", "-p", String($0[0])] }
        }
    }

    /// Those that tests share.
    private static let servers = Locked<[Kind: Result<S3Server, any Error>]>([:])

    /// The service of this kind that tests share, each with buckets of its own. It ends with the tests' process.
    package static func shared(_ kind: Kind) throws -> S3Server {
        try servers.update { servers in
            if servers.isEmpty { atexit { S3Server.servers.update { $0 = [:] } } }
            let server = servers[kind] ?? Result { try S3Server(kind) }
            servers[kind] = server
            return server
        }.get()
    }

    /// The folder of Ceph's files: see Tests/Rigs/ceph-rig.
    package var cluster: String { directory.path("cluster-\(server.port)") }

    package var endpoint: String { Self.endpoint(port: server.port) }

    private static func endpoint(port: Int) -> String { "http://127.0.0.1:\(port)" }

    private static let rig = Fixture.packageRoot.appending(path: "Tests/Rigs/ceph-rig").path

    private static let keys = ["RIGACCESSKEY", "rig/secret+key="]

    /// The command of a SeaweedFS with all its parts; S3 has the first port.
    private static func seaweed(_ directory: TemporaryDirectory, _ ports: [Int]) throws -> [String] {
        let users = """
            {"identities": [
              {"name": "rig", "credentials": [{"accessKey": "RIGACCESSKEY", "secretKey": "rig/secret+key="}],
               "actions": ["Admin", "Read", "Write", "List"]},
              {"name": "other", "credentials": [{"accessKey": "otherRIGACCESSKEY", "secretKey": "rig/secret+key="}],
               "actions": ["Read:none"]}]}
            """
        let configuration = try directory.write("s3.json", users.utf8)
        let names = ["s3", "master", "volume", "filer"].flatMap { [$0 + ".port", $0 + ".port.grpc"] }
        let data = try directory.makeDirectory("data-\(ports[0])")
        return [
            PythonTools.path("weed"), "server", "-dir=\(data)", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
            "-volume.max=100", "-master.volumeSizeLimitMB=512", "-filer", "-s3", "-s3.port.iceberg=0",
            "-s3.port.lance=0", "-s3.config=\(configuration)",
        ] + zip(names, ports).map { "-\($0)=\($1)" }
    }

    private static func makesBuckets(_ port: Int) throws -> Bool {
        let bucket = "ready-" + UUID().uuidString.lowercased()
        let command = PythonTools.command("s3-tool.py", [endpoint(port: port)] + keys + ["make-bucket", bucket])
        return try run(command).status.isSuccess
    }

    /// Tests/Rigs/s3-tool.py on this server, which asks it through another client than ours.
    @discardableResult
    package func tool(_ arguments: String...) throws -> Outcome {
        try run(PythonTools.command("s3-tool.py", endpoint, accessKey, secretKey) + arguments)
    }

    /// Returns the output of the tool, a word a line.
    package func ask(_ arguments: String...) throws -> [String] {
        let outcome = try run(PythonTools.command("s3-tool.py", endpoint, accessKey, secretKey) + arguments)
        guard outcome.status.isSuccess else { throw TestFiles.Failed(arguments, outcome) }
        return outcome.output.split(separator: "\n").map(String.init)
    }
}
