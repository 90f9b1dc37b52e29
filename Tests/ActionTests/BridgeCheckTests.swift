import Foundation
import TestSupport
import Testing

/// `market/http/check` with a BRIDGE_LIST: each of its hosts by itself.
@Suite struct BridgeCheckTests {
    private let bridge: Bridge
    private let nginx: Nginx

    init() throws {
        bridge = try Bridge()
        nginx = try Nginx(root: bridge.market)
    }

    private func check(_ hosts: String) throws -> Outcome {
        try bridge.run(
            "market-http-check", [Bridge.marketHosts: hosts, "MARKETPLACE/TEMPLATE/BASE_URL": nginx.url("")])
    }

    private func steps(on host: String) -> [String] {
        ["host \(host)"] + ["writing", "reading", "ranges", "removing"].map { "\($0) on \(host)" }
    }

    @Test func eachHostIsTried() throws {
        let outcome = try check("bridge1 bridge2")
        expectCheck(
            outcome, ok: ["user", "attributes", "server"] + steps(on: "bridge1") + steps(on: "bridge2"))
        #expect(
            outcome.output.contains(
                "ok      host bridge1: \(NSUserName()) is logged in; the programs are there, and the directory; "))
        #expect(try bridge.published() == [])
    }

    @Test func aHostThatCannotBeUsedStopsNoOther() throws {
        try bridge.server.addHost("down", port: 1)
        try bridge.server.addHost("strange", isKnown: false)
        let outcome = try check("down bridge1 strange")
        expectCheck(
            outcome, ok: ["user", "attributes", "server"] + steps(on: "bridge1"),
            failed: ["host down": "Connection refused", "host strange": "without a password"])
        #expect(try bridge.published() == [])
    }

    @Test func aDirectoryThatIsMissingThere() throws {
        let outcome = try bridge.run(
            "market-http-check",
            [Bridge.publicDirectory: bridge.directory.path("none"), "MARKETPLACE/TEMPLATE/BASE_URL": nginx.url("")])
        expectCheck(
            outcome, ok: ["user", "attributes", "server"], failed: ["host bridge1": "No such file or directory"])
    }

    /// The programs that are looked for are those that an import needs: with them alone it works.
    @Test func theProgramsOfAHost() throws {
        let programs = ["chmod", "dd", "find", "ln", "mv", "rm", "stat", "sync", "truncate"]
        let path = try bridge.directory.makeDirectory("programs")
        for name in programs {
            try FileManager.default.createSymbolicLink(
                atPath: path + "/" + name,
                withDestinationPath: FileManager.default.fileExists(atPath: "/bin/" + name)
                    ? "/bin/" + name : "/usr/bin/" + name)
        }
        try bridge.server.addHost("poor", command: "PATH='\(path)'; export PATH; eval \"$SSH_ORIGINAL_COMMAND\"")
        expectCheck(
            try check("poor"), ok: ["user", "attributes", "server"] + steps(on: "poor"),
            notes: ["host poor": "it lacks fallocate: SPARSE = \"NO\" of a datastore there has no effect"])
        let image = try bridge.directory.write("image", noise(3 << 20))
        _ = try expectSuccess(try bridge.importImage(image, [Bridge.marketHosts: "poor"]))
        try bridge.clear()

        for name in ["dd", "truncate"] { try FileManager.default.removeItem(atPath: path + "/" + name) }
        expectCheck(
            try check("poor"), ok: ["user", "attributes", "server"],
            failed: ["host poor": "it lacks dd, truncate; install the packages coreutils and findutils there"])
        #expect(try bridge.published() == [])
    }
}
