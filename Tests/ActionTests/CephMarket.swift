import DriverProtocol
import Foundation
import Glibc
import Posix
import TestSupport
import Testing

/// A datastore in a pool, on this machine or behind a bridge host, and messages about it.
struct CephMarket {
    /// How rbd is reached.
    enum Way: String, CaseIterable, Sendable {
        case here, bridge
    }

    private static let template = "DATASTORE/TEMPLATE/"
    let rig: CephRig
    let market: LocalMarket
    let sources: String
    private let server: SSHServer?

    init(_ way: Way = .here, rig: CephRig? = nil, timeout: Int? = nil) throws {
        self.rig = try rig ?? CephRig.shared()
        market = try LocalMarket()
        sources = try market.directory.makeDirectory("sources")
        server = way == .bridge ? try SSHServer() : nil
        _ = try market.directory.makeDirectory("var/remotes/etc/market")
        var settings = "STAGING_DIR=\"\(try market.directory.makeDirectory("staging"))\"\n"
        if let timeout { settings += "CEPH_TIMEOUT=\"\(timeout)\"\n" }
        if let location = server?.environment["ONE_LOCATION"] {
            settings += try String(
                contentsOfFile: location + "/var/remotes/etc/market/market-drivers.conf", encoding: .utf8)
        }
        try market.directory.write("var/remotes/etc/market/market-drivers.conf", settings.utf8)
    }

    /// A new id: an image of it is nobody else's.
    static func newID() -> String { "\(Int.random(in: 1_000_000...9_999_999))" }

    /// Ends all connections to the bridge host at once.
    func cutConnections() { server?.cutConnections() }

    var bridges: String? { server == nil ? nil : "bridge1" }

    /// The message, about a datastore in the pool.
    func onCeph(_ message: DriverMessage) -> DriverMessage {
        message.with([
            Self.template + "BRIDGE_LIST": bridges, Self.template + "CEPH_USER": CephRig.user,
            Self.template + "CEPH_KEY": rig.keyFile, Self.template + "CEPH_CONF": rig.configuration,
            "DATASTORE/DS_MAD": "ceph",
        ])
    }

    /// The recorded message of a local image, which lies in SAFE_DIRS while all else is restricted.
    func copyMessage(_ path: String) throws -> DriverMessage {
        try onCeph(
            DriverMessage("datastore-cp-local-raw").with([
                "IMAGE/PATH": path, Self.template + "RESTRICTED_DIRS": "/", Self.template + "SAFE_DIRS": sources,
            ]))
    }

    func exportMessage(_ source: String) throws -> DriverMessage {
        try onCeph(market.exportMessage(source))
    }

    /// A message that brings the app `name`, served below `url`, into the pool.
    func appMessage(_ name: String, from url: String, id: String) throws -> DriverMessage {
        try onCeph(market.appExportMessage(name, from: url)).with("MARKETPLACEAPP/ID", id)
    }

    var environment: [String: String] { (server?.environment ?? [:]).filter { $0.key == "PATH" } }

    func act(_ program: String, _ message: DriverMessage, id: String = "7") throws -> Outcome {
        try market.act(program, arguments: [id], input: message.base64, environment: environment)
    }

    func copy(_ message: DriverMessage, id: String) throws -> Outcome {
        try act("datastore-ceph-cp", message, id: id)
    }

    /// Expects that `cp` has brought in an image with this content, and removes it.
    func expectStored(
        _ outcome: Outcome, id: String, _ content: String, pool: String = "one",
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let image = "\(pool)/one-\(id)"
        #expect(
            outcome.status == .exited(0) && outcome.reasons == [], "\(outcome.errors)", sourceLocation: sourceLocation)
        #expect(outcome.output == "\(image) raw\n", sourceLocation: sourceLocation)
        let file = market.directory.path("fetched")
        try rig.fetch(image, to: file)
        #expect(try run(["cmp", content, file]).status.isSuccess, sourceLocation: sourceLocation)
        try rig.ask("rm", "--no-progress", image)
        #expect(try market.directory.names(in: "staging") == [], sourceLocation: sourceLocation)
    }

    /// Expects a refusal that leaves nothing, neither of that id nor in the staging directory.
    func expectRefused(
        _ outcome: Outcome, id: String, _ parts: String..., sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        expectRefusal(outcome, parts, sourceLocation: sourceLocation)
        #expect(try !outcome.errors.contains(rig.key), sourceLocation: sourceLocation)
        #expect(try !rig.images().contains("one-\(id)"), sourceLocation: sourceLocation)
        #expect(try market.directory.names(in: "staging") == [], sourceLocation: sourceLocation)
    }
}
