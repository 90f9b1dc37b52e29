import Foundation
import TestSupport
import Testing

/// Bridge hosts that are addresses of IPv6, as BRIDGE_LIST and `ssh://HOST:PATH` may have them.
@Suite struct BridgeAddressTests {
    private static func bridge() throws -> Bridge {
        let bridge = try Bridge()
        try bridge.server.addHost("::1", address: "::1")
        return bridge
    }

    /// What stands in the list, what ssh is asked for, and what the answer calls the host.
    static let spellings = [
        ("::1", "::1", "[::1]"), ("[::1]", "::1", "[::1]"), ("USER@::1", "USER@::1", "USER@[::1]"),
        ("USER@[::1]", "USER@::1", "USER@[::1]"), ("bridge1", "bridge1", "bridge1"),
        ("USER@bridge1", "USER@bridge1", "USER@bridge1"),
    ].map { spelling in
        [spelling.0, spelling.1, spelling.2].map { $0.replacingOccurrences(of: "USER", with: NSUserName()) }
    }

    @Test(arguments: spellings) func everySpellingWorksInBothDirections(spelling: [String]) throws {
        let bridge = try Self.bridge()
        let (listed, asked, told) = (spelling[0], spelling[1], spelling[2])
        let image = try bridge.directory.write("datastore/image", noise(2_000_003))
        let exported = try bridge.run(
            "datastore-fs-export", [Bridge.datastoreHosts: listed, "IMAGE/SOURCE": image, "IMAGE/SIZE": "2"])
        #expect(exported.status.isSuccess, "\(exported.errors)")
        let source = "ssh://\(told):\(image)"
        #expect(exported.output.contains("<![CDATA[\(source)]]>"), "\(exported.output)")
        let sum = try md5(of: image)
        let imported = try bridge.importImage(source, [Bridge.marketHosts: listed, "MD5": sum])
        #expect(try expectSuccess(imported)["MD5"] == sum)
        #expect(try md5(of: bridge.market + "/" + #require(bridge.published().first)) == sum)
        #expect(bridge.server.hostsTried() == [asked, asked, asked])
    }

    /// As other datastores' scripts print it.
    @Test func anAddressWithoutBracketsIsUnderstood() throws {
        let bridge = try Self.bridge()
        let image = try bridge.directory.write("a:b", noise(1000))
        _ = try expectSuccess(bridge.importImage("ssh://::1:\(image)", [Bridge.marketHosts: ""]))
        #expect(bridge.server.hostsTried() == ["::1"])
    }

    @Test(arguments: [
        "ssh://[::1]", "ssh://[::1]:", "ssh://::1", "ssh://[::1]:relative", "ssh://[::1:/x", "ssh://::g:/x",
    ])
    func whatNamesNoFileOfAHostIsRefused(source: String) throws {
        let bridge = try Self.bridge()
        let outcome = try bridge.importImage(source, [Bridge.marketHosts: ""])
        expectFailure(outcome, "ssh://HOST:")
        #expect(bridge.server.calls() == [])
    }
}
