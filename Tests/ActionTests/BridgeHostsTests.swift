import Foundation
import Glibc
import Posix
import TestSupport
import Testing

/// The choice among the hosts of a BRIDGE_LIST, and odd hosts.
@Suite struct BridgeHostsTests {
    static let hosts = "bridge1 bridge2 bridge3"

    @Test(arguments: [(0, "bridge1"), (1, "bridge2"), (2, "bridge3"), (3, "bridge1"), (14, "bridge3")])
    func theIdSaysWhoIsFirst(id: Int, first: String) throws {
        let bridge = try Bridge()
        try bridge.server.addHost("bridge3")
        let outcome = try bridge.run("market-http-monitor", [Bridge.marketHosts: Self.hosts], id: id)
        _ = try expectSuccess(outcome)
        #expect(bridge.server.hostsTried() == [first])
    }

    @Test func aNegativeIdOfTheMessageIsNoHarm() throws {
        let bridge = try Bridge()
        let outcome = try run(
            Programs.action("market-http-monitor"),
            input: bridge.message(["MARKETPLACEAPP/ID": "-1", Bridge.marketHosts: "bridge1 bridge2"]),
            environment: bridge.server.environment)
        _ = try expectSuccess(outcome)
        #expect(bridge.server.hostsTried() == ["bridge2"])
    }

    /// Ways not to be reached, and the words of ssh about each.
    static let unreachable = [
        ("closed", "Connection refused"), ("nohost.invalid", "Could not resolve hostname"),
        ("refused", "Permission denied"), ("nologin", "This account is currently not available."),
    ]

    private func addUnreachable(_ bridge: Bridge) throws {
        try bridge.server.addHost("closed", port: LocalPort.closed.number)
        try bridge.server.addHost("refused", isKnown: false)
        try bridge.server.addHost("nologin", command: "echo This account is currently not available.; exit 1")
    }

    @Test(arguments: unreachable)
    func theNextHostIsTried(host: String, reason: String) throws {
        let bridge = try Bridge()
        try addUnreachable(bridge)
        let outcome = try bridge.run("market-http-monitor", [Bridge.marketHosts: "\(host) bridge2"])
        _ = try expectSuccess(outcome)
        #expect(bridge.server.hostsTried() == [host, "bridge2"])
        #expect(outcome.errors.contains("WARN: 0 market/http/monitor: app 7: bridge host \(host) cannot be reached"))
        #expect(outcome.errors.contains(reason))
    }

    @Test(arguments: ["market-http-monitor", "market-http-delete", "market-http-import"])
    func whereNoneIsReachedEachIsNamed(action: String) throws {
        let bridge = try Bridge()
        try addUnreachable(bridge)
        let image = try bridge.directory.write("image", noise(1000))
        let hosts = Self.unreachable.map(\.0).joined(separator: "\n ")
        let outcome = try bridge.run(
            action,
            [
                Bridge.marketHosts: hosts, "IMPORT_SOURCE": image,
                "MARKETPLACEAPP/SOURCE": "http://frontend.example/market/x",
            ], id: 1)
        expectFailure(outcome, "any bridge host", "without a password")
        for (host, reason) in Self.unreachable { expectFailure(outcome, "\(host): ", reason) }
        #expect(bridge.server.hostsTried() == ["nohost.invalid", "refused", "nologin", "closed"])
    }

    @Test func aHostThatIsSilentIsGivenUp() throws {
        let bridge = try Bridge()
        let silent = try LocalPort()
        try silent.listen()
        defer { withExtendedLifetime(silent) {} }
        try bridge.server.addHost("silent", port: silent.number)
        let begun = Clock.now
        _ = try expectSuccess(try bridge.run("market-http-monitor", [Bridge.marketHosts: "silent bridge1"]))
        #expect(Clock.now - begun < 60, "SSH_CONNECT_TIMEOUT is 5 s")
    }

    @Test(arguments: [
        "bridge1 -oProxyCommand=x", "bridge1;x", "$(x)", "`x`", "a|b", "bridge1:22", "[bridge1]", "[::1", "::1]", "[]",
        "me@", "bridge1 me:secret@bridge2", "@bridge1", "me@-oProxyCommand=x", "::1%", "::g", "[::1]:22",
    ])
    func whatIsNoHostNameIsRefused(list: String) throws {
        let bridge = try Bridge()
        let outcome = try bridge.run("market-http-monitor", [Bridge.marketHosts: list])
        expectFailure(outcome, "MARKETPLACE/TEMPLATE/BRIDGE_LIST", "which is no host")
        #expect(!outcome.errors.contains("secret"))
        #expect(bridge.server.calls() == [])
    }

    @Test func monitorTellsOfTheRemoteFileSystem() throws {
        let bridge = try Bridge()
        // A file system that differs from the one of the temporary directory.
        for directory in ["/dev/shm", bridge.market] {
            let printed = try expectSuccess(try bridge.run("market-http-monitor", [Bridge.publicDirectory: directory]))
            let told = try run(["df", "--output=size,used,avail", "-B1M", directory]).output
            let numbers = told.split(separator: "\n")[1].split(separator: " ").compactMap { Int($0) }
            for (name, expected) in zip(["TOTAL_MB", "USED_MB", "FREE_MB"], numbers) {
                let value = try #require(Int(printed[name] ?? ""))
                // df rounds up, and others write meanwhile.
                #expect(abs(value - expected) <= 1 + expected / 100, "\(name) of \(directory)")
            }
        }
    }

    /// Login shells that talk, and shells of other families: they run in place of the command that ssh asks for.
    static let shells = [
        "echo Welcome; echo to this host >&2; echo 'market-drivers is not the marker'; exec /bin/sh -c \"$SSH_ORIGINAL_COMMAND\"",
        "printf 'no line break at the end:\\n'; yes | head -c 300000; exec /bin/sh -c \"$SSH_ORIGINAL_COMMAND\"",
        "yes | head -c 300000 >&2; exec /bin/sh -c \"$SSH_ORIGINAL_COMMAND\"",
        "exec dash -c \"$SSH_ORIGINAL_COMMAND\"", "exec bash -c \"$SSH_ORIGINAL_COMMAND\"",
        "exec bash --posix -euc \"$SSH_ORIGINAL_COMMAND\"",
        "for shell in csh tcsh ksh zsh fish dash; do command -v $shell && exec $shell -c \"$SSH_ORIGINAL_COMMAND\"; done",
        "export POSIXLY_CORRECT=1 LC_ALL=xx_XX.UTF-8 CDPATH=/tmp; exec sh -c \"$SSH_ORIGINAL_COMMAND\"",
    ]

    @Test(arguments: shells)
    func theLoginShellDoesNotMatter(command: String) throws {
        let bridge = try Bridge()
        try bridge.server.addHost("odd", command: command)
        let image = try bridge.directory.write("image", noise(3_000_000))
        let printed = try expectSuccess(try bridge.importImage(image, [Bridge.marketHosts: "odd"]))
        let name = try #require(try bridge.published().first)
        #expect(printed["SOURCE"] == "http://frontend.example/market/\(name)")
        #expect(try md5(of: bridge.market + "/" + name) == md5(of: image))
        let read = try bridge.importImage("ssh://odd:\(image)", [Bridge.marketHosts: "odd"])
        #expect(try expectSuccess(read)["MD5"] == md5(of: image))
    }

    /// A connection that ssh keeps open in the background for later ones.
    @Test func aSharedConnectionIsNotWaitedFor() throws {
        let bridge = try Bridge()
        try bridge.server.addHost(
            "shared",
            options: [
                "ControlMaster auto", "ControlPath \(bridge.directory.path("control"))", "ControlPersist 120",
            ])
        let begun = Clock.now
        for _ in 0..<3 {
            _ = try expectSuccess(try bridge.run("market-http-monitor", [Bridge.marketHosts: "shared"]))
        }
        #expect(Clock.now - begun < 120)
        let image = try bridge.directory.write("image", noise(3_000_000))
        _ = try expectSuccess(try bridge.importImage(image, [Bridge.marketHosts: "shared"]))
        #expect(try bridge.isCleanedUp())
        bridge.server.cutConnections()
    }

    @Test func noValueReachesAShellOrAnArgument() throws {
        let bridge = try Bridge()
        let record = bridge.directory.path("commands")
        try bridge.server.addHost(
            "watched", command: "echo \"$SSH_ORIGINAL_COMMAND\" >> \(record); exec sh -c \"$SSH_ORIGINAL_COMMAND\"")
        let secret = try bridge.directory.makeDirectory("needle-directory")
        let image = try bridge.directory.write("needle-image", noise(1000))
        let hosts = [
            Bridge.publicDirectory: secret, Bridge.marketHosts: "watched", Bridge.datastoreHosts: "watched",
            "DATASTORE/BASE_PATH": bridge.directory.path, "IMAGE/SOURCE": image,
            "MARKETPLACEAPP/SOURCE": "http://frontend.example/market/needle-app", "MARKETPLACEAPP/ID": "4711",
        ]
        _ = try expectSuccess(try bridge.importImage("ssh://watched:\(image)", hosts))
        _ = try expectSuccess(try bridge.run("market-http-monitor", hosts))
        _ = try expectSuccess(try bridge.run("market-http-delete", hosts))
        #expect(try bridge.run("datastore-fs-export", hosts).status.isSuccess)
        let commands = try String(contentsOfFile: record, encoding: .utf8)
        let calls = bridge.server.calls()
        #expect(calls.filter { $0 == "watched" }.count == 5)
        #expect(Set(commands.split(separator: "\n")).count == 1, "the same command, whatever is asked for")
        for text in [commands, calls.joined(separator: "\n")] {
            #expect(text.contains("/bin/sh"))
            for value in ["needle", bridge.directory.path, "4711", "frontend"] { #expect(!text.contains(value)) }
        }
    }

    /// Ciphers in ssh_config(5), and those that ssh is told to offer; nil if it is left to the configuration.
    @Test(arguments: [
        (
            "aes256-ctr,aes128-gcm@openssh.com,aes256-gcm@openssh.com",
            "aes128-gcm@openssh.com,aes256-ctr,aes256-gcm@openssh.com"
        ),
        ("aes256-ctr,aes256-gcm@openssh.com", "aes256-gcm@openssh.com,aes256-ctr"),
        ("aes256-gcm@openssh.com,aes128-gcm@openssh.com", nil), ("aes256-ctr", nil), ("no-cipher", nil),
    ])
    func theFastestOfTheAllowedCiphersIsTheFirst(_ allowed: String, _ offered: String?) throws {
        let bridge = try Bridge()
        try bridge.server.addHost("careful", options: ["Ciphers \(allowed)"])
        let outcome = try bridge.run("market-http-monitor", [Bridge.marketHosts: "careful"])
        #expect(outcome.status.isSuccess == (allowed != "no-cipher"), "\(outcome.errors)")
        let words = try String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8).split(whereSeparator: \.isWhitespace)
        let expected = words.contains("aes") ? offered.map { ["Ciphers=" + $0] } ?? [] : []
        #expect(bridge.server.calls().filter { $0.hasPrefix("Ciphers=") } == expected)
    }
}
