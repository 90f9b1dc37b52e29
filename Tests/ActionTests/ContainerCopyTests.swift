import DriverProtocol
import Foundation
import TestSupport
import Testing

/// Container apps on their way into datastores: by `datastore/fs/cp`, and by `downloader.sh`, which the drivers of other
/// datastores run.
@Suite(.serialized) struct ContainerCopyTests {
    private let rig: InstallationRig
    private let market: [String: String]
    private let path: String

    init() throws {
        rig = try InstallationRig()
        let template = try rig.message(["FORMAT": "raw"]).root.child("MARKETPLACE")?.child("TEMPLATE")
        let names = ["ENDPOINT", "CONTEXT_PACKAGES", "PACKAGE_MIRROR"]
        market = Dictionary(uniqueKeysWithValues: names.map { ($0, template?.child($0)?.text ?? "") })
        let image = rig.container.server.url("/images/x/1/amd64/default/20260101_00:00/rootfs.tar.xz")
        path = "lxd://\(image)?size=512&filesystem=ext4&format=raw"
    }

    /// The message of oned for an image that comes from an app.
    private func message() throws -> DriverMessage {
        let recorded = try DriverMessage("datastore-cp-from-app-http-qcow2").with([
            "IMAGE/PATH": path, "IMAGE/SIZE": "512", "DATASTORE/BASE_PATH": rig.container.datastore,
            // What the catalog has is no digest of a file.
            "IMAGE/TEMPLATE/FROM_APP_MD5": String(repeating: "0", count: 32),
            "MARKETPLACE/MARKET_MAD": "linuxcontainers",
        ])
        return market.reduce(recorded) { $0.with("MARKETPLACE/TEMPLATE/" + $1.key, $1.value) }
    }

    /// Expects OpenNebula's package with what it depends on in an image, and nothing left beside it.
    private func expectContextualized(_ outcome: Outcome, _ image: String) throws {
        #expect(outcome.status == .exited(0) && outcome.reasons.isEmpty, "\(outcome.errors)")
        #expect(outcome.errors.contains(InstallationRig.Builder.root.way), "\(outcome.errors)")
        #expect(try TestFiles.status(image).size == 512 << 20)
        #expect(try run(["/sbin/e2fsck", "-fn", image]).status == .exited(0))
        for file in ["/usr/share/one-context/file", "/usr/share/tool/file", "/usr/share/tool-base/file"] {
            #expect(try rig.container.debug(image, "stat \(file)").contains("regular"), "\(file)")
        }
        #expect(try rig.container.catalog.directory.names(in: "staging area").isEmpty)
        #expect(try rig.processes().isEmpty)
    }

    private var environment: [String: String] {
        ["ONE_LOCATION": rig.container.catalog.directory.path].merging(InstallationRig.nothing) { $1 }
    }

    @Test func intoADirectory() throws {
        let outcome = try run(
            Programs.action("datastore-fs-cp") + ["4"], input: message().base64, environment: environment, timeout: 600)
        let answer = try #require(outcome.output.wholeMatch(of: /(.+\/[0-9a-f]{32}) raw\n/), "\(outcome.errors)")
        try expectContextualized(outcome, String(answer.1))
        #expect(outcome.output.hasPrefix(rig.container.datastore + "/"))
    }

    /// With the marketplace's attributes in the message that another driver passes on, and without a message.
    @Test(arguments: [true, false]) func throughTheDownloader(_ hasMessage: Bool) throws {
        if !hasMessage {
            // The server is the one in the path.
            let settings = market.filter { $0.key != "ENDPOINT" }.map { "\($0.key)=\"\($0.value)\"\n" }.joined()
            try rig.container.catalog.set("STAGING_DIR=\"\(rig.container.staging)\"\n" + settings)
        }
        let downloader = try DownloaderRig()
        let outcome = try downloader.download(
            [path, downloader.target], message: hasMessage ? message() : nil, environment: environment)
        try expectContextualized(outcome, downloader.target)
        #expect(try downloader.targets() == ["file"])
    }
}
