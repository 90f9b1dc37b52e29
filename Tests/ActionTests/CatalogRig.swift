import DriverProtocol
import Foundation
import Posix
import TestSupport

/// A public catalog's marketplace: an installation with a release, and a directory for a server to serve.
final class CatalogRig: Sendable {
    let directory: TemporaryDirectory
    let served: String
    let kind: String

    /// - Parameter kind: `one` or `linuxcontainers`.
    init(_ kind: String, version: String? = "7.4.0", edition: String? = nil) throws {
        self.kind = kind
        directory = try TemporaryDirectory()
        served = try directory.makeDirectory("served")
        _ = try directory.makeDirectory("var/remotes/etc/market")
        // Nobody on the Internet is to be asked for OpenNebula's newest packages.
        try set("CONTEXT_URL=\"http://127.0.0.1:1/7.2.1-0\"\n")
        if let version { try directory.write("var/remotes/VERSION", "\(version)\n".utf8) }
        if let edition { try directory.write("var/remotes/EDITION", "\(edition)\n".utf8) }
    }

    /// Writes the settings of the installation.
    func set(_ settings: String) throws {
        try directory.write("var/remotes/etc/market/market-drivers.conf", settings.utf8)
    }

    /// The catalog's path below ENDPOINT.
    private var path: String { kind == "one" ? "appliance" : "streams/v1/images.json" }

    func serve(_ catalog: some Sequence<UInt8>) throws {
        if kind != "one" { _ = try directory.makeDirectory("served/streams/v1") }
        try directory.write("served/" + path, catalog)
    }

    func serve(fixture: String) throws {
        try serve(Fixture.bytes("catalogs/" + fixture))
    }

    /// Serves the recorded catalog of the kind, of which ``recordedApps`` are listed.
    func serveRecorded() throws {
        try serve(fixture: kind == "one" ? "opennebula-7.4.json" : "linuxcontainers-images.json")
    }

    var recordedApps: Int { kind == "one" ? 132 : 36 }

    func message(_ endpoint: String?, _ attributes: KeyValuePairs<String, String?> = [:]) throws -> DriverMessage {
        let message = try DriverMessage("market-one-monitor").with("MARKETPLACE/TEMPLATE/ENDPOINT", endpoint)
        return attributes.reduce(message) { $0.with("MARKETPLACE/TEMPLATE/" + $1.key, $1.value) }
    }

    func act(_ action: String, _ message: DriverMessage, environment: [String: String] = [:]) throws -> Outcome {
        let away = ["ONE_LOCATION": directory.path, "http_proxy": "", "https_proxy": "", "no_proxy": ""]
        return try run(
            Programs.action("market-\(kind)-\(action)"), input: message.base64,
            environment: away.merging(environment) { $1 })
    }

    func monitor(
        _ endpoint: String, _ attributes: KeyValuePairs<String, String?> = [:], environment: [String: String] = [:]
    ) throws -> Outcome {
        try act("monitor", message(endpoint, attributes), environment: environment)
    }
}

extension Outcome {
    func apps() throws -> [Template] { try TestSupport.apps(ofReport: output) }

    var warnings: [String] { errors.split(separator: "\n").map(String.init).filter { $0.hasPrefix("WARN:") } }
}

extension Template {
    /// The plain values by name.
    var texts: [String: String] {
        attributes.reduce(into: [:]) { texts, attribute in
            if case .text(let text) = attribute.value { texts[attribute.name] = text }
        }
    }

    /// The vectors of that name, each as a dictionary.
    func vectors(_ name: String) -> [[String: String]] {
        attributes.filter { $0.name == name }.compactMap { attribute in
            guard case .vector(let pairs) = attribute.value else { return nil }
            return Dictionary(pairs.map { ($0.name, $0.value) }) { $1 }
        }
    }
}
