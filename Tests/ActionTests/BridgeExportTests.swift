import DriverProtocol
import Foundation
import Glibc
import Posix
import TestSupport
import Testing
import XML

/// `datastore/fs/export` for a datastore that is mounted on bridge hosts.
@Suite struct BridgeExportTests {
    private func export(_ bridge: Bridge, _ image: String, _ values: [String: String] = [:]) throws -> Outcome {
        try bridge.run("datastore-fs-export", values.merging(["IMAGE/SOURCE": image]) { $1 })
    }

    private func information(_ outcome: Outcome) throws -> XMLElement {
        #expect(outcome.status == .exited(0), "\(outcome.errors)")
        return try XMLParser.parse(Array(outcome.output.utf8))
    }

    static let names = ["image", "an image; $(touch x)", "line\nbreak", "ä]]>b", "-rf", "back\\slash %s"]

    @Test(arguments: names)
    func aRawImageIsDescribed(name: String) throws {
        let bridge = try Bridge()
        let image = try bridge.directory.write("datastore/" + name, noise(3_000_001))
        let told = try information(try export(bridge, image, [Bridge.datastoreHosts: "bridge1 bridge2"]))
        #expect(told.name == "IMPORT_INFO")
        #expect(told.element(at: "IMPORT_SOURCE")?.text == "ssh://bridge1:" + image)
        #expect(told.element(at: "MD5")?.text == (try md5(of: image)))
        #expect(told.element(at: "SIZE")?.text == "3")
        #expect(told.element(at: "FORMAT")?.text == "raw")
        #expect(told.element(at: "DISPOSE")?.text == "NO")
        // Import reads the source that export has printed.
        let source = try #require(told.element(at: "IMPORT_SOURCE")?.text)
        #expect(try expectSuccess(try bridge.importImage(source))["MD5"] == (try md5(of: image)))
        #expect(try bridge.directory.names() == ["datastore", "market"])
    }

    private func makeImage(_ arguments: [String]) throws {
        let made = try run(["qemu-img", "create", "-q"] + arguments)
        #expect(made.status.isSuccess, "\(made.errors)")
    }

    @Test func aQcow2ImageIsAsLargeAsItsDisk() throws {
        let bridge = try Bridge()
        let image = bridge.datastore + "/image"
        try makeImage(["-f", "qcow2", image, "123M"])
        for format in ["qcow2", ""] {
            let told = try information(try export(bridge, image, ["IMAGE/FORMAT": format]))
            #expect(told.element(at: "SIZE")?.text == "123")
            #expect(told.element(at: "FORMAT")?.text == "qcow2")
            #expect(told.element(at: "MD5")?.text == (try md5(of: image)))
        }
        // Stated to be raw, it stays raw, whatever its first bytes look like.
        let told = try information(try export(bridge, image, ["IMAGE/FORMAT": "raw"]))
        #expect(told.element(at: "FORMAT")?.text == "raw")
        #expect(told.element(at: "SIZE")?.text == "1")
    }

    @Test func anImageThatNeedsAnotherFileIsRefused() throws {
        let bridge = try Bridge()
        let base = bridge.datastore + "/base"
        try makeImage(["-f", "qcow2", base, "10M"])
        try makeImage(["-f", "qcow2", "-b", base, "-F", "qcow2", bridge.datastore + "/overlay"])
        try makeImage(["-f", "qcow2", "-o", "data_file=\(base).data", bridge.datastore + "/split", "10M"])
        let qcow2 = ["IMAGE/FORMAT": "qcow2"]
        expectFailure(try export(bridge, bridge.datastore + "/overlay", qcow2), "a backing file", "qemu-img convert")
        expectFailure(try export(bridge, bridge.datastore + "/split", qcow2), "an external data file")
        let raw = try bridge.directory.write("datastore/raw", noise(1000))
        expectFailure(try export(bridge, raw, qcow2), "said to be qcow2, and its content is not")
    }

    @Test func whatIsNoImageIsRefused() throws {
        let bridge = try Bridge()
        try bridge.addUnprivilegedHost("nobody")
        let outside = try bridge.directory.write("outside", noise(1000))
        let secret = try bridge.directory.write("datastore/secret", noise(1000), mode: 0)
        _ = try bridge.directory.makeDirectory("datastore/folder")
        _ = try bridge.directory.makeDirectory("datastore-2")
        try bridge.directory.write("datastore-2/image", [1])
        try #require(symlink(outside, bridge.datastore + "/link") == 0)
        try #require(symlink(bridge.directory.path, bridge.datastore + "/up") == 0)
        let beyond = "it lies outside of"
        let cases = [
            (bridge.datastore + "/missing", "No such file or directory"),
            (bridge.datastore + "/folder", "regular file"),
            (secret, "Permission denied"), (outside, beyond), (bridge.datastore + "/link", beyond),
            (bridge.datastore + "/up/outside", beyond), (bridge.datastore + "/../outside", beyond),
            (bridge.directory.path("datastore-2/image"), beyond), ("image", "no absolute path"),
        ]
        for (path, reason) in cases {
            expectFailure(try export(bridge, path, [Bridge.datastoreHosts: "nobody"]), path, reason)
        }
        let inside = try bridge.directory.write("datastore/real", noise(1000))
        try #require(symlink("real", bridge.datastore + "/alias") == 0)
        let told = try information(try export(bridge, bridge.datastore + "/alias"))
        #expect(told.element(at: "MD5")?.text == (try md5(of: inside)))
    }

    @Test func aHostThatIsDownIsAFailure() throws {
        let bridge = try Bridge()
        try bridge.server.addHost("dead", port: LocalPort.closed.number)
        let image = try bridge.directory.write("datastore/image", noise(1000))
        let outcome = try export(bridge, image, [Bridge.datastoreHosts: "dead"])
        expectFailure(outcome, "Cannot reach the host dead: ssh: connect to host", "Connection refused")
        let told = try information(try export(bridge, image, [Bridge.datastoreHosts: "dead bridge2"]))
        #expect(told.element(at: "IMPORT_SOURCE")?.text == "ssh://bridge2:" + image)
    }

    @Test func theMD5IsLeftToTheImportWhereThatComputesIt() throws {
        let bridge = try Bridge()
        let image = try bridge.directory.write("datastore/image", noise(1000))
        let outcome = try bridge.run(
            "datastore-fs-export", ["IMAGE/SOURCE": image], environment: ["MARKET_DRIVERS_MD5": "import"])
        let md5 = try information(outcome).element(at: "MD5")?.text
        #expect(md5 == "")
    }
}
