import Foundation
import Posix

/// An S3 service of the test's own on 127.0.0.1.
public final class S3Server: @unchecked Sendable {
    public enum Kind: String, CaseIterable, Sendable {
        /// Ceph's gateway, on a cluster of one machine: Tests/Rigs/ceph-rig.
        case ceph
        case seaweed
        /// moto: a mock that knows every request, and takes any keys.
        case moto

        /// Whether a request with wrong keys is refused.
        public var checksKeys: Bool { self != .moto }
        /// Whether `BUCKET.localhost` leads to a bucket.
        public var knowsVirtualHosts: Bool { self != .seaweed }
    }

    public let kind: Kind
    public let endpoint: String
    public let accessKey = "RIGACCESSKEY"
    public let secretKey = "rig/secret+key="
    /// A user who may do nothing in the first one's buckets; the secret is the same.
    public let otherAccessKey = "otherRIGACCESSKEY"
    /// A user of Ceph's who may store 20 MiB in all; the secret is the same.
    public let smallAccessKey = "smallRIGACCESSKEY"
    private let directory: TemporaryDirectory
    private var server: Server?

    /// - Parameter hasSessions: whether Ceph's gateway gives out keys that pass; it tells less of wrong keys then.
    public init(_ kind: Kind, hasSessions: Bool = false) throws {
        self.kind = kind
        directory = try TemporaryDirectory()
        switch kind {
        case .ceph:
            try TestFiles.succeed([Self.rig] + (hasSessions ? ["--sessions"] : []) + ["up", directory.path])
            let values = try TestFiles.succeed([Self.rig, "env", directory.path]).output
            let line = values.split(separator: "\n").first { $0.hasPrefix("ENDPOINT=") }
            endpoint = String(line?.dropFirst("ENDPOINT=".count) ?? "")
        case .seaweed:
            let port = freePort()
            endpoint = "http://127.0.0.1:\(port)"
            server = try Server(try Self.seaweed(directory, port: port), port: port)
            // It answers before it has found its other parts.
            try waitForBuckets()
        case .moto:
            let port = freePort()
            endpoint = "http://127.0.0.1:\(port)"
            server = try Server(
                [PythonTools.path("moto_server"), "-H", "127.0.0.1", "-p", String(port)], port: port)
        }
    }

    deinit {
        if kind == .ceph { _ = try? run([Self.rig, "down", directory.path]) }
    }

    private static let rig = Fixture.packageRoot.appending(path: "Tests/Rigs/ceph-rig").path

    private static func seaweed(_ directory: TemporaryDirectory, port: Int) throws -> [String] {
        let users = """
            {"identities": [
              {"name": "rig", "credentials": [{"accessKey": "RIGACCESSKEY", "secretKey": "rig/secret+key="}],
               "actions": ["Admin", "Read", "Write", "List"]},
              {"name": "other", "credentials": [{"accessKey": "otherRIGACCESSKEY", "secretKey": "rig/secret+key="}],
               "actions": ["Read:none"]}]}
            """
        let configuration = try directory.write("s3.json", users.utf8)
        let ports = ["master", "volume", "filer"].flatMap { part in
            let port = freePort()
            return ["-\(part).port=\(port)", "-\(part).port.grpc=\(freePort())"]
        }
        return [
            PythonTools.path("weed"), "server", "-dir=\(directory.path)", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
            "-volume.max=100", "-master.volumeSizeLimitMB=512", "-filer", "-s3", "-s3.port=\(port)",
            "-s3.port.grpc=\(freePort())", "-s3.port.iceberg=0", "-s3.port.lance=0", "-s3.config=\(configuration)",
        ] + ports
    }

    private func waitForBuckets() throws {
        let deadline = Clock.now + 30
        while Clock.now < deadline {
            if try tool("make-bucket", "ready").status.isSuccess { return }
            usleep(200_000)
        }
        throw Server.NoAnswer(program: kind.rawValue, port: 0)
    }

    /// Tests/Rigs/s3-tool.py on this server, which asks it through another client than ours.
    @discardableResult
    public func tool(_ arguments: String...) throws -> Outcome {
        try run(PythonTools.command("s3-tool.py", endpoint, accessKey, secretKey) + arguments)
    }

    /// What the tool printed, a word a line.
    public func ask(_ arguments: String...) throws -> [String] {
        let outcome = try run(PythonTools.command("s3-tool.py", endpoint, accessKey, secretKey) + arguments)
        guard outcome.status.isSuccess else { throw TestFiles.Failed(arguments: arguments, outcome: outcome) }
        return outcome.output.split(separator: "\n").map(String.init)
    }
}
