import Foundation
import Glibc
import Posix
import TestSupport
import Testing

/// `market/http/delete` on a bridge host.
@Suite struct BridgeDeleteTests {
    private func delete(_ bridge: Bridge, _ name: String) throws -> Outcome {
        try bridge.run(
            "market-http-delete", ["MARKETPLACEAPP/SOURCE": "http://frontend.example/market/" + name], id: 12)
    }

    @Test(arguments: ["0123456789abcdef0123456789abcdef", "an app's file; $(touch x)", "*", "-rf", "ä\\n"])
    func theFileGoesAndNothingElse(name: String) throws {
        let bridge = try Bridge()
        try bridge.directory.write("market/" + name, [1])
        try bridge.directory.write("market/other", [1])
        let outcome = try delete(bridge, name)
        _ = try expectSuccess(outcome)
        #expect(outcome.output == "")
        #expect(outcome.errors == "")
        #expect(try bridge.published() == ["other"])
    }

    @Test func whatIsGoneIsNoFailure() throws {
        let bridge = try Bridge()
        let outcome = try delete(bridge, "missing")
        _ = try expectSuccess(outcome)
        #expect(outcome.output == "")
        #expect(outcome.errors.hasPrefix("WARN: 12 market/http/delete: app 7: the file 'missing' is already gone"))
    }

    @Test func whatIsNoFileIsRefused() throws {
        let bridge = try Bridge()
        let outside = try bridge.directory.write("outside", [1])
        _ = try bridge.directory.makeDirectory("market/folder")
        try #require(symlink(outside, bridge.market + "/link") == 0)
        try #require(symlink("nowhere", bridge.market + "/dangling") == 0)
        try #require(mkfifo(bridge.market + "/pipe", 0o600) == 0)
        let before = try bridge.published()
        expectFailure(try delete(bridge, "folder"), "it is not a regular file")
        expectFailure(try delete(bridge, "pipe"), "it is not a regular file")
        expectFailure(try delete(bridge, "link"), "it is a symbolic link")
        expectFailure(try delete(bridge, "dangling"), "it is a symbolic link")
        for name in ["../outside", "folder/../../outside", "", "..", ".hidden"] {
            expectFailure(try delete(bridge, name), "names no file directly in PUBLIC_DIR")
        }
        #expect(try bridge.published() == before)
        #expect(try FileStatus(path: outside).size == 1)
    }

    @Test func aFileThatCannotBeRemovedIsTold() throws {
        let bridge = try Bridge()
        try bridge.addUnprivilegedHost("nobody")
        try bridge.directory.write("market/app", [1])
        chmod(bridge.market, 0o555)
        defer { chmod(bridge.market, 0o755) }
        let outcome = try bridge.run(
            "market-http-delete",
            [Bridge.marketHosts: "nobody", "MARKETPLACEAPP/SOURCE": "http://frontend.example/market/app"])
        expectFailure(outcome, "Cannot delete '\(bridge.market)/app' on host nobody", "Permission denied")
        #expect(try bridge.published() == ["app"])
    }
}
