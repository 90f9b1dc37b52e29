import Foundation
import Posix
import TestSupport
import Testing

/// Login shells and hosts that say more, less or something else than they are asked for.
@Suite struct BridgeShellTests {
    /// What a `.bashrc` prints: the title of a window, a prompt, a greeting without a line break.
    static let startFiles = [
        #"printf '\033]0;%s\007' "$HOSTNAME""#, "echo -n 'Welcome to the storage of the north: '",
        "printf 'no end'; echo; printf x",
        "printf 'market-drivers: not yet'", "yes | head -c 100000 | tr -d '\\n'", "printf '\\0\\377\\376'",
    ]

    /// bash(1) reads its start file where sshd runs it, also for a command.
    @Test(arguments: startFiles) func aStartFileMayPrintWithoutALineBreak(text: String) throws {
        let bridge = try Bridge()
        let home = try bridge.directory.makeDirectory("home")
        try bridge.directory.write("home/.bashrc", (text + "\n: > \(home)/was-read\n").utf8)
        try bridge.server.addHost("talking", command: "HOME=\(home) exec bash -c \"$SSH_ORIGINAL_COMMAND\"")
        let image = try bridge.directory.write("image", noise(1_500_000))
        let printed = try expectSuccess(
            bridge.importImage("ssh://talking:\(image)", [Bridge.marketHosts: "talking"]))
        #expect(printed["MD5"] == (try md5(of: image)))
        #expect(try md5(of: bridge.market + "/" + #require(bridge.published().first)) == md5(of: image))
        #expect(FileManager.default.fileExists(atPath: home + "/was-read"))
    }

    /// The text of a host in place of an answer is reported, and the error speaks of keys only if they are the cause.
    static let refusals: [(command: String, words: [String])] = [
        ("printf 'Your password has expired.'; exit 1", ["it printed 'Your password has expired.'"]),
        ("printf '\\033]0;title\\007Only for backups'; exit 1", ["Only for backups'"]),
        ("echo 'line one'; echo 'last line'; echo; exit 1", ["it printed 'last line'"]),
        ("echo 'sh: not found' >&2; echo said; exit 127", ["sh: not found; it printed 'said'"]),
        ("echo 'Permission denied (by the shell).' >&2; exit 1", ["Permission denied (by the shell)."]),
        ("exit 0", ["ssh: "]),
    ]

    @Test(arguments: refusals) func whatAHostPrintsIsTold(command: String, words: [String]) throws {
        let bridge = try Bridge()
        try bridge.server.addHost("odd", command: command)
        let outcome = try bridge.run("market-http-monitor", [Bridge.marketHosts: "odd"])
        expectFailure(outcome, "Cannot reach the host odd: ", "the login shell runs /bin/sh")
        for word in words { expectFailure(outcome, word) }
        #expect(!outcome.errors.contains("without a password"))
    }

    @Test func aQuestionThatNobodyAnswersIsTold() throws {
        let bridge = try Bridge()
        try bridge.server.addHost("asking", command: "printf 'Change the password now? '; sleep 60")
        let outcome = try bridge.run("market-http-monitor", [Bridge.marketHosts: "asking"])
        expectFailure(outcome, "it did not answer within 20 s; it printed 'Change the password now?'")
    }

    /// Each way not to be reached has its own remedy.
    @Test func everyReasonHasItsRemedy() throws {
        let bridge = try Bridge()
        try bridge.server.addHost("closed", port: LocalPort.closed.number)
        try bridge.server.addHost("refused", isKnown: false)
        let known = try bridge.directory.write(
            "known", "[127.0.0.1]:\(bridge.server.port) ssh-ed25519 \(Self.otherKey)\n".utf8)
        let strict = ["StrictHostKeyChecking yes"]
        try bridge.server.addHost("changed", options: strict + ["UserKnownHostsFile \(known)"])
        try bridge.server.addHost("unknown", options: strict)
        try bridge.server.addHost("old", options: ["KexAlgorithms ecdh-sha2-nistp521"])
        for (host, reason, remedy) in [
            ("closed", "Connection refused", "that sshd runs there"),
            ("refused", "Permission denied", "without a password"),
            ("changed", "Host key verification failed", "known_hosts"),
            ("unknown", "Host key verification failed", "known_hosts"),
            ("nohost.invalid", "Could not resolve hostname", "the host's name"), ("old", "Unable to negotiate", "log"),
        ] {
            let outcome = try bridge.run("market-http-monitor", [Bridge.marketHosts: host])
            expectFailure(outcome, "the host \(host): ", reason, remedy)
            #expect(outcome.errors.contains("without a password") == (host == "refused"))
        }
    }

    /// The key of another host.
    private static let otherKey = "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"
}
