import DriverProtocol
import Foundation
import Glibc
import Posix
import TestSupport
import Testing

/// Apps of a catalog, as its monitor lists them, brought into a datastore from the mirror that the catalog redirects
/// to.
@Suite struct MarketOneExportTests {
    private let market: LocalMarket
    private let rig: CatalogRig

    init() throws {
        market = try LocalMarket()
        rig = try CatalogRig("one")
    }

    /// A real image with data, and holes between.
    private func makeImage() throws -> String {
        let path = market.directory.path("image.qcow2")
        try TestFiles.makeImage(path, format: "qcow2", size: "48M", options: ["-o", "preallocation=metadata"])
        let data = try market.directory.write("data", TestFiles.noise(2 << 20))
        try TestFiles.succeed(["qemu-io", "-f", "qcow2", "-c", "write -q -s \(data) 1M 2M", path])
        try TestFiles.succeed(["qemu-io", "-f", "qcow2", "-c", "write -q -P 0x5a 32M 64k", path])
        return path
    }

    /// Serves a catalog of one app, the file `path`, whose download is redirected to `mirror`, which has another name
    /// and port.
    private func serveCatalog(of path: String, mirror: String) throws -> Nginx {
        let catalog: [String: Any] = [
            "_id": ["$oid": "5f0c"], "name": "Image", "format": "qcow2", "hypervisor": "KVM", "os-arch": "x86_64",
            "files": [
                [
                    "size": 48 << 20, "md5": try TestFiles.md5(path),
                    "checksum": ["sha256": try TestFiles.sha256(path)],
                ]
            ],
        ]
        try rig.serve(JSONSerialization.data(withJSONObject: ["appliances": [catalog]]))
        return try Nginx(
            root: rig.served, extra: "location = /appliance/5f0c/download/0 { return 302 \(mirror); }")
    }

    /// Returns the message of the export of the catalog's app, with its attributes from the monitor.
    private func message(_ catalog: Nginx) throws -> DriverMessage {
        let app = try #require(try rig.monitor(catalog.url("")).apps().first)
        #expect(app["MD5"] != nil && app["SHA256"] != nil)
        return try market.appExportMessage("", from: catalog.url("")).with([
            "MARKETPLACEAPP/SOURCE": app["SOURCE"], "MARKETPLACEAPP/FORMAT": app["FORMAT"],
            "MARKETPLACEAPP/MD5": app["MD5"], "MARKETPLACEAPP/SIZE": app["SIZE"],
            "MARKETPLACEAPP/TEMPLATE/SHA256": app["SHA256"],
        ])
    }

    private func export(_ catalog: Nginx) throws -> Outcome {
        try market.act("market-one-export", message(catalog))
    }

    /// Checks that the datastore has the image, and nothing else.
    private func expectStored(
        _ image: String, _ outcome: Outcome, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let reply = try reply(of: outcome, sourceLocation: sourceLocation)
        let stored = try #require(reply["SOURCE"], sourceLocation: sourceLocation)
        #expect(
            try market.directory.names(in: "datastore").map { market.datastore + "/" + $0 } == [stored],
            sourceLocation: sourceLocation)
        #expect(try run(["cmp", image, stored]).status.isSuccess, sourceLocation: sourceLocation)
        #expect(
            try reply["MD5"] == TestFiles.md5(image) && reply["FORMAT"] == "qcow2" && reply["SIZE"] == "48",
            sourceLocation: sourceLocation)
        let status = try TestFiles.status(stored)
        #expect(status.allocatedSize < status.size / 4, sourceLocation: sourceLocation)
    }

    private func expectNothingStored(
        _ outcome: Outcome, _ parts: [String], sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        expectRefusal(outcome, parts, sourceLocation: sourceLocation)
        #expect(try market.directory.names(in: "datastore") == [], sourceLocation: sourceLocation)
    }

    @Test(arguments: ["cat", "gzip", "xz", "zstd"])
    func bringsAnImageInFromTheMirror(_ compressor: String) throws {
        let image = try makeImage()
        let served = market.publicDirectory + "/image"
        try TestFiles.succeed(["sh", "-c", "\"$1\" < \"$2\" > \"$3\"", "sh", compressor, image, served])
        let mirror = try Nginx(root: market.publicDirectory)
        let catalog = try serveCatalog(of: served, mirror: "http://localhost:\(mirror.port)/image")
        try expectStored(image, export(catalog))
    }

    @Test func goesOnBehindFiftyCuts() throws {
        let image = try makeImage()
        try TestFiles.succeed(["sh", "-c", "zstd -q < \"$1\" > \"$2\"", "sh", image, market.publicDirectory + "/image"])
        let size = try TestFiles.status(market.publicDirectory + "/image").size
        let mirror = try FaultServer(root: market.publicDirectory)
        let catalog = try serveCatalog(
            of: market.publicDirectory + "/image",
            mirror: "http://localhost:\(mirror.port)/~cut=1-\(size / 60),50/image")
        let outcome = try export(catalog)
        try expectStored(image, outcome)
        #expect(try mirror.requests().count == 51)
        #expect(try mirror.requests().dropFirst().allSatisfy { $0.headers["range"] != nil })
    }

    @Test func refusesWhatAMirrorHasInItsPlace() throws {
        let image = try makeImage()
        var other = [UInt8](try Data(contentsOf: URL(filePath: image)))
        other[other.count / 2] ^= 1
        try market.directory.write("public/image", other)
        let mirror = try Nginx(root: market.publicDirectory)
        let catalog = try serveCatalog(of: image, mirror: "http://localhost:\(mirror.port)/image")
        try expectNothingStored(export(catalog), [" is ", "check the source"])
        // Each checksum counts by itself.
        for (path, name) in [("MARKETPLACEAPP/MD5", "SHA256"), ("MARKETPLACEAPP/TEMPLATE/SHA256", "MD5")] {
            let outcome = try market.act("market-one-export", message(catalog).with(path, nil))
            try expectNothingStored(outcome, ["its \(name) is ", "check the source"])
        }
    }

    @Test(arguments: [
        // Another ETag may be another mirror's: what counts is the checksum.
        ("/~changing/~cut=70000,1", "its SHA256 is "),
        ("/~cut=70000/~no-range", "tried 5 times"), ("/~status=404", "HTTP 404"), ("/~status=500", "HTTP 500"),
        ("/~redirect=302,20", "redirect"),
    ]) func tellsWhatIsWrongWithTheMirror(_ behaviour: String, _ part: String) throws {
        let image = try market.directory.write("public/image", TestFiles.noise(200_000))
        let mirror = try FaultServer(root: market.publicDirectory)
        let catalog = try serveCatalog(of: image, mirror: "http://localhost:\(mirror.port)\(behaviour)/image")
        let outcome = try market.act("market-one-export", message(catalog).with("MARKETPLACEAPP/FORMAT", "raw"))
        try expectNothingStored(outcome, [part])
    }

    @Test func waitsForASlowMirror() throws {
        let image = market.publicDirectory + "/image"
        try TestFiles.makeImage(image, format: "qcow2", size: "48M")
        let size = try TestFiles.status(image).size
        let mirror = try FaultServer(root: market.publicDirectory)
        let catalog = try serveCatalog(of: image, mirror: "http://localhost:\(mirror.port)/~slow=\(size / 4)/image")
        let start = Clock.now
        let reply = try reply(of: export(catalog))
        #expect(try Clock.now - start > 3 && run(["cmp", image, #require(reply["SOURCE"])]).status.isSuccess)
        #expect(try mirror.requests().count == 1)
    }

    @Test func refusesASourceThatIsNoURL() throws {
        let message = try market.appExportMessage("", from: "").with("MARKETPLACEAPP/SOURCE", "/etc/passwd")
        try expectNothingStored(market.act("market-one-export", message), ["is no URL of a catalog"])
    }
}
