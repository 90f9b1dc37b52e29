import Foundation
import TestSupport
import Testing

/// Hosts whose programs answer with anything: an error that tells it, or the nearest number; never a crash.
@Suite struct BridgeAnswerTests {
    /// A bridge host with programs of the test's own before the others.
    private static func bridge(_ programs: [String: String]) throws -> Bridge {
        let bridge = try Bridge()
        _ = try bridge.directory.makeDirectory("bin")
        for (name, text) in programs {
            try bridge.directory.write("bin/" + name, ("#!/bin/sh\n" + text + "\n").utf8, mode: 0o755)
        }
        let path = bridge.directory.path("bin")
        try bridge.server.addHost("odd", command: "export PATH=\(path):$PATH; exec sh -c \"$SSH_ORIGINAL_COMMAND\"")
        return bridge
    }

    static let counts: [(answer: String, printed: String?)] = [
        ("4096 1024 512 256", "USED_MB=2\nFREE_MB=1\nTOTAL_MB=4\n"),
        ("4096 1024 512 -5", "USED_MB=2\nFREE_MB=0\nTOTAL_MB=4\n"),
        ("4096 1024 18446744073709551616 99999999999999999999999", nil),
        ("18446744073709551615 18446744073709551614 0 0", nil), ("-1 -1 -1 -1", nil), ("0 0 0 0", nil),
    ]

    @Test(arguments: counts) func countsAreClamped(answer: String, printed: String?) throws {
        let bridge = try Self.bridge(["stat": "echo '\(answer)'"])
        let outcome = try bridge.run("market-http-monitor", [Bridge.marketHosts: "odd"])
        #expect(outcome.status == .exited(0), "\(outcome.errors)")
        #expect(printed == nil || outcome.output == printed)
    }

    @Test(arguments: ["", "4096", "a b c d", "1 2 3 4 5", "1 2\n3 4", "0x10 1 1 1", "1.5 2 3 4", "٣ 1 1 1"])
    func whatIsNoCountIsTold(answer: String) throws {
        let bridge = try Self.bridge(["stat": "printf '%s\\n' '\(answer)'"])
        for action in ["market-http-monitor", "market-http-import"] {
            let image = try bridge.directory.write("image", noise(1000))
            let outcome = try bridge.run(action, [Bridge.marketHosts: "odd", "IMPORT_SOURCE": image])
            expectFailure(outcome, "on host odd", "stat -f answered '", "check it on that host")
        }
        #expect(try bridge.isCleanedUp())
        #expect(try bridge.published() == [])
    }

    @Test(arguments: [
        "", "-1", "18446744073709551616", "18446744073709551615", "many", "5\n5", "0x5", "9223372036854775808",
    ])
    func whatIsNoSizeIsTold(size: String) throws {
        let bridge = try Self.bridge(["stat": "printf '%s\\n' '\(size)'"])
        let image = try bridge.directory.write("datastore/image", noise(1000))
        let source = try bridge.importImage("ssh://odd:\(image)", [Bridge.marketHosts: ""])
        expectFailure(source, "on host odd")
        let export = try bridge.run("datastore-fs-export", [Bridge.datastoreHosts: "odd", "IMAGE/SOURCE": image])
        expectFailure(export, "on host odd", "stat, od and md5sum answered")
        #expect(try bridge.published() == [])
    }

    @Test(arguments: ["echo nothing", "echo", "echo d41d8cd98f00b204e9800998ecf8427", "printf '%033d' 0", "exit 3"])
    func whatIsNoChecksumIsTold(program: String) throws {
        let bridge = try Self.bridge(["md5sum": program])
        let image = try bridge.directory.write("datastore/image", noise(1000))
        let outcome = try bridge.run("datastore-fs-export", [Bridge.datastoreHosts: "odd", "IMAGE/SOURCE": image])
        expectFailure(outcome, "on host odd")
    }
}
