import DriverProtocol
import Foundation
import Posix
import TestSupport
import Testing

/// Catalogs whose server asks who is there: AUTH_FILE.
@Suite struct CatalogCredentialTests {
    /// The contents of the file, and the header that nginx requires.
    private static let kinds = ["Basic user:s3cr3t", "Bearer s3cr3t"]

    private func guarded(_ root: String, _ credential: String, extra: String = "") throws -> Nginx {
        let field =
            credential.hasPrefix("Bearer") ? credential : "Basic " + Data("user:s3cr3t".utf8).base64EncodedString()
        return try Nginx(root: root, extra: "if ($http_authorization != \"\(field)\") { return 401; } \(extra)")
    }

    @Test(arguments: ["one", "linuxcontainers"], kinds)
    func aCatalogIsListed(_ kind: String, _ credential: String) throws {
        let rig = try CatalogRig(kind)
        try rig.serveRecorded()
        let server = try guarded(rig.served, credential)
        expectRefusal(try rig.monitor(server.url("")), ["HTTP 401", "check the credentials"])
        let file = try rig.directory.write("auth", credential.utf8, mode: 0o600)
        let listed = try rig.monitor(server.url(""), ["AUTH_FILE": file])
        #expect(listed.status == .exited(0), "\(listed.errors)")
        #expect(try listed.apps().count == rig.recordedApps)
        #expect(!(listed.output + listed.errors).contains("s3cr3t"))
        #expect(try listed.apps().allSatisfy { $0["SOURCE"]?.contains("@") == false })
        #expect(listed.warnings.count == 1)
        try rig.directory.write("auth", "Basic user:0ther-s3cr3t".utf8, mode: 0o644)
        let refused = try rig.monitor(server.url(""), ["AUTH_FILE": file])
        expectRefusal(refused, ["HTTP 401"])
        #expect(refused.warnings.contains { $0.contains("AUTH_FILE") && $0.contains("can be read by every user") })
        #expect(!refused.errors.contains("s3cr3t"))
    }

    @Test(arguments: kinds) func anAppIsFetchedAndItsMirrorLearnsNothing(_ credential: String) throws {
        let market = try LocalMarket()
        let content = TestFiles.noise(300_000)
        try market.directory.write("public/image", content)
        let mirror = try FaultServer(root: market.publicDirectory)
        let server = try guarded(
            market.publicDirectory, credential,
            extra: "location = /away { return 302 http://localhost:\(mirror.port)/image; }")
        let file = try market.directory.write("auth", credential.utf8, mode: 0o600)
        for path in ["image", "away"] {
            let message = try market.appExportMessage(path, from: server.url("")).with([
                "MARKETPLACE/TEMPLATE/ENDPOINT": server.url(""), "MARKETPLACE/TEMPLATE/AUTH_FILE": file,
            ])
            let stored = try reply(of: market.act("market-one-export", message))
            let source = try #require(stored["SOURCE"])
            #expect(try [UInt8](Data(contentsOf: URL(filePath: source))) == content)
            let without = try market.act("market-one-export", message.with("MARKETPLACE/TEMPLATE/AUTH_FILE", nil))
            expectRefusal(without, ["HTTP 401"])
        }
        #expect(try mirror.requests().map { $0.headers["authorization"] } == [nil])
    }

    @Test func aContainerIsBuilt() throws {
        let rig = try ContainerRig()
        try rig.prepare()
        let server = try guarded(rig.catalog.served, "Bearer s3cr3t")
        let file = try rig.catalog.directory.write("auth", "Bearer s3cr3t".utf8, mode: 0o600)
        let source = server.url("/images/x/1/amd64/default/20260101_00:00/rootfs.tar.xz")
        let message = try rig.message(["AUTH_FILE": file]).with([
            "MARKETPLACE/TEMPLATE/ENDPOINT": server.url(""),
            "MARKETPLACEAPP/SOURCE": "lxd://\(source)?size=64&filesystem=ext4&format=raw",
        ])
        _ = try rig.image(rig.export(message))
        try rig.expectAnotherIsRefused(message.with("MARKETPLACE/TEMPLATE/AUTH_FILE", nil), "HTTP 401")
    }
}

extension ContainerRig {
    /// Expects that an export fails, since its image is there, with one line that has `part` in it.
    fileprivate func expectAnotherIsRefused(_ message: DriverMessage, _ part: String) throws {
        let before = try catalog.directory.names(in: "datastore")
        expectRefusal(try export(message), [part])
        #expect(try catalog.directory.names(in: "datastore") == before)
    }
}
