import Foundation
import Glibc
import TestSupport
import Testing

/// `market/*/check`, with what works and with what does not: what all kinds have in common, and `market/http/check`.
@Suite struct CheckTests {
    private static let url = "MARKETPLACE/TEMPLATE/BASE_URL"
    private static let steps = [
        "user", "attributes", "server", "directory", "writing", "reading", "ranges", "removing",
    ]

    @Test func aDirectoryThatIsServed() throws {
        let market = try LocalMarket()
        let nginx = try Nginx(root: market.publicDirectory)
        let message = try market.monitorMessage().with(Self.url, nginx.url(""))
        let outcome = try market.act("market-http-check", message)
        expectCheck(outcome, ok: Self.steps)
        #expect(outcome.output.hasPrefix("ok      user: \(NSUserName()) (uid \(geteuid()))\n"), "\(outcome.output)")

        let elsewhere = try Nginx(root: market.datastore)
        expectCheck(
            try market.act("market-http-check", message.with(Self.url, elsewhere.url(""))),
            ok: Self.steps.filter { !["reading", "ranges"].contains($0) },
            failed: ["reading": "HTTP 404 Not Found; let the web server serve PUBLIC_DIR as BASE_URL"])
        expectCheck(
            try market.act("market-http-check", message.with(Self.url, "http://127.0.0.1:1/x")),
            ok: ["user", "attributes", "directory", "writing", "removing"], failed: ["server": "Failed to connect"],
            skipped: ["reading"])
        let missing = message.with("MARKETPLACE/TEMPLATE/PUBLIC_DIR", market.directory.path("none"))
        expectCheck(
            try market.act("market-http-check", missing), ok: ["user", "attributes", "server"],
            failed: ["directory": "No such file or directory"])
        #expect(try market.published() == [] && market.directory.names(in: "datastore") == [])
    }

    @Test func aServerWithoutRanges() throws {
        let market = try LocalMarket()
        let server = try FaultServer(root: market.publicDirectory)
        // What is said of TLS has no meaning there.
        let message = try market.monitorMessage().with([
            Self.url: server.url("/~no-range"), "MARKETPLACE/TEMPLATE/TLS_VERIFY": "NO",
        ])
        expectCheck(
            try market.act("market-http-check", message), ok: Self.steps.filter { $0 != "ranges" },
            notes: ["ranges": "starts from the beginning"])
        #expect(try market.published() == [])
    }

    /// What fails is told at once: it is not tried again.
    @Test func nothingIsTriedTwice() throws {
        let market = try LocalMarket()
        let server = try FaultServer(root: market.publicDirectory)
        let message = try market.monitorMessage().with(Self.url, server.url("/~status=503"))
        expectCheck(
            try market.act("market-http-check", message),
            ok: Self.steps.filter { !["reading", "ranges"].contains($0) }, failed: ["reading": "HTTP 503"])
        #expect(try server.requests().map(\.method) == ["HEAD", "GET"])
    }

    /// Ended while the web server sends the file, it has removed it.
    @Test(arguments: [SIGINT, SIGQUIT]) func anInterruptedCheck(signal: Int32) throws {
        let market = try LocalMarket()
        let server = try FaultServer(root: market.publicDirectory)
        let message = try market.monitorMessage().with(Self.url, server.url("/~slow=20000"))
        let action = try RunningAction("market-http-check", message, in: market)
        try action.wait { try server.requests().contains { $0.method == "GET" } }
        action.send(signal)
        let outcome = try action.finish()
        #expect(outcome.status == .exited(1) && outcome.reasons.count == 1, "\(outcome)")
        #expect(outcome.errors.contains("ended by signal \(signal) "), "\(outcome)")
        #expect(try market.published() == [])
    }

    /// A directory that its user cannot write to.
    @Test(.enabled(if: geteuid() == 0)) func aUserWithoutRights() throws {
        let market = try LocalMarket()
        let nginx = try Nginx(root: market.publicDirectory)
        let outcome = try market.act(
            "market-http-check", input: market.monitorMessage().with(Self.url, nginx.url("")).base64,
            through: LocalMarket.unprivileged)
        expectCheck(
            outcome, ok: ["user", "attributes", "server", "directory"],
            failed: ["writing": "Permission denied; let the user that runs oned"])
        #expect(outcome.output.hasPrefix("ok      user: nobody (uid 65534)\n"))
    }

    /// A server that takes connections, and never answers.
    @Test func aSilentServer() throws {
        let market = try LocalMarket()
        let port = try LocalPort()
        try port.listen()
        let begun = Date()
        let outcome = try market.act(
            "market-http-check", market.monitorMessage().with(Self.url, "http://127.0.0.1:\(port.number)"))
        expectCheck(
            outcome, ok: ["user", "attributes", "directory", "writing", "removing"],
            failed: ["server": "check the network and the server"], skipped: ["reading"])
        #expect(Date().timeIntervalSince(begun) < 30)
    }

    /// oned's user owns the directory of the drivers' state.
    @Test(.enabled(if: geteuid() == 0)) func rootIsNotTheUserOfOned() throws {
        let market = try LocalMarket()
        #expect(chown(market.directory.path("var"), 65534, 65534) == 0)
        let outcome = try market.act("market-http-check", market.monitorMessage())
        #expect(
            outcome.output.hasPrefix(
                "note    user: root (uid 0), but oned runs as nobody (uid 65534), who has other rights: use sudo -u nobody"
            ),
            "\(outcome.output)")
    }

    /// Colours are for a terminal whose user has not set NO_COLOR.
    @Test(arguments: [("env -u NO_COLOR ", true), ("NO_COLOR=1 ", false)]) func coloursAreForATerminal(
        _ setting: String, _ has: Bool
    )
        throws
    {
        let directory = try TemporaryDirectory()
        let message = try directory.write("message", DriverMessage("market-http-monitor").base64)
        let command = "\(setting)'\(Programs.path("market-drivers"))' market/http/check < '\(message)'"
        let shown = try run(["script", "-qec", command, "/dev/null"], environment: ["ONE_LOCATION": directory.path])
        #expect(shown.output.contains("\u{1B}[31mFAILED\u{1B}[0m") == has, "\(shown.output)")
        #expect(shown.output.contains("FAILED"))
    }

    // MARK: Attributes

    /// What is missing, or cannot be used, is a line as all else.
    @Test(
        arguments: [
            ("http", "PUBLIC_DIR", nil, "PUBLIC_DIR is missing or empty"), ("http", "PUBLIC_DIR", "x", "absolute path"),
            ("http", "BASE_URL", nil, "BASE_URL is missing or empty"), ("http", "BASE_URL", "ftp://x", "is no URL"),
            ("http", "BRIDGE_LIST", "-oProxyCommand", "which is no host"),
            ("http", "TLS_VERIFY", "maybe", "YES nor NO"),
            ("http", "PROXY", "gopher://x", "no proxy's URL"), ("s3", "BUCKET", nil, "BUCKET is missing or empty"),
            ("s3", "ACCESS_KEY_ID", nil, "ACCESS_KEY_ID is missing"), ("s3", "READ_LENGTH", "1", "out of range"),
            ("s3", "ENDPOINT", "ftp://x", "is no URL"), ("one", "ENDPOINT", "x", "is no URL"),
            ("one", "CACHE", "x", "YES nor NO"),
            ("one", "AUTH_FILE", "/none", "No such file"), ("linuxcontainers", "FILESYSTEM", "ntfs", "is not known"),
            ("linuxcontainers", "BUILD_MODE", "x", "no way to build"),
            ("linuxcontainers", "CONTEXT_URL", "x", "no URL"),
        ] as [(String, String, String?, String)])
    func aBadAttribute(kind: String, name: String, value: String?, words: String) throws {
        let directory = try TemporaryDirectory()
        _ = try directory.makeDirectory("var/remotes")
        try directory.write("var/remotes/VERSION", "7.4.0\n".utf8)
        let fixture = kind == "linuxcontainers" ? "market-one-monitor" : "market-\(kind)-monitor"
        let message = try DriverMessage(fixture).with("MARKETPLACE/TEMPLATE/ENDPOINT", "http://127.0.0.1:1")
            .with("MARKETPLACE/TEMPLATE/\(name)", value)
        let outcome = try run(
            Programs.action("market-\(kind)-check"), input: message.base64,
            environment: ["ONE_LOCATION": directory.path])
        expectCheck(outcome, ok: ["user"], failed: ["attributes": words])
    }

    // MARK: TLS

    private static let untrusted = "set CA_FILE to the certificate of the server's CA, or, if it may stay unchecked"

    @Test func aCertificate() throws {
        let market = try LocalMarket()
        let certificate = try Certificate()
        let nginx = try Nginx(root: market.publicDirectory, certificate: certificate)
        let message = try market.monitorMessage().with(Self.url, nginx.url(""))
        expectCheck(
            try market.act("market-http-check", message),
            ok: ["user", "attributes", "directory", "writing", "removing"], failed: ["server": Self.untrusted],
            skipped: ["reading"])

        let trusting = message.with("MARKETPLACE/TEMPLATE/CA_FILE", certificate.authorityFile)
        let soon = try market.act("market-http-check", trusting)
        expectCheck(soon, ok: Self.stepsWithCAFile, notes: ["TLS": "the certificate expires on 20"])
        #expect(soon.output.contains("ok      server: it answers; its certificate is valid until 20"))

        expectCheck(
            try market.act("market-http-check", message.with("MARKETPLACE/TEMPLATE/TLS_VERIFY", "NO")), ok: Self.steps,
            notes: ["TLS": "TLS_VERIFY is NO", "TLS ": "the certificate expires on 20"])
        #expect(try market.published() == [])
    }

    @Test func aCertificateThatLasts() throws {
        let market = try LocalMarket()
        let certificate = try Certificate(days: 30)
        let nginx = try Nginx(root: market.publicDirectory, certificate: certificate)
        let message = try market.monitorMessage().with([
            Self.url: nginx.url(""), "MARKETPLACE/TEMPLATE/CA_FILE": certificate.authorityFile,
        ])
        expectCheck(try market.act("market-http-check", message), ok: Self.stepsWithCAFile)
    }

    private static let stepsWithCAFile = steps.flatMap { $0 == "server" ? ["CA_FILE", $0] : [$0] }

    /// Also if no request needs the file today: the server is reached by http://.
    @Test(arguments: [
        ("none", "No such file or directory"), ("public", "Is a directory"),
        ("text", "there is no PEM certificate in it"),
        ("empty", "there is no PEM certificate in it"),
    ])
    func aFileOfCertificatesThatIsNone(_ name: String, _ cause: String) throws {
        let market = try LocalMarket()
        try market.directory.write("text", "-----BEGIN PRIVATE KEY-----\n".utf8)
        try market.directory.write("empty", "".utf8)
        let nginx = try Nginx(root: market.publicDirectory)
        let message = try market.monitorMessage().with([
            Self.url: nginx.url(""), "MARKETPLACE/TEMPLATE/CA_FILE": market.directory.path(name),
        ])
        expectCheck(
            try market.act("market-http-check", message), ok: Self.steps,
            failed: ["CA_FILE": "\(cause); make CA_FILE a file of PEM certificates"])
    }
}

/// Checks the lines of a check, by the names of what they tell of, in any order, and that nothing else is told: the exit
/// status, and a line on standard error if something has failed.
///
/// - Parameters:
///   - notes: words of the line of a name; blanks behind a name make it another one.
///   - failed: likewise.
func expectCheck(
    _ outcome: Outcome, ok: [String], notes: KeyValuePairs<String, String> = [:],
    failed: KeyValuePairs<String, String> = [:], skipped: [String] = [],
    sourceLocation: SourceLocation = #_sourceLocation
) {
    let lines = outcome.output.split(separator: "\n").map(String.init)
    func names(_ word: String) -> [String] {
        lines.filter { $0.hasPrefix(word + " ") }.map { $0.dropFirst(8).prefix(while: { $0 != ":" }) }.map(String.init)
    }
    func expect(_ word: String, _ wanted: KeyValuePairs<String, String>) {
        #expect(
            names(word).sorted() == wanted.map { $0.key.trimmingCharacters(in: .whitespaces) }.sorted(), "\(outcome)",
            sourceLocation: sourceLocation)
        for (name, words) in wanted {
            let start =
                word.padding(toLength: 8, withPad: " ", startingAt: 0) + name.trimmingCharacters(in: .whitespaces)
            #expect(
                lines.contains { $0.hasPrefix(start + ": ") && $0.contains(words) }, "\(outcome)",
                sourceLocation: sourceLocation)
        }
    }
    #expect(names("ok") == ok, "\(outcome)", sourceLocation: sourceLocation)
    expect("note", notes)
    expect("FAILED", failed)
    #expect(names("skipped") == skipped, "\(outcome)", sourceLocation: sourceLocation)
    #expect(
        lines.count == ok.count + notes.count + failed.count + skipped.count, "\(outcome)",
        sourceLocation: sourceLocation)
    #expect(outcome.status == .exited(failed.isEmpty ? 0 : 1), sourceLocation: sourceLocation)
    #expect(outcome.reasons.count == (failed.isEmpty ? 0 : 1), "\(outcome.errors)", sourceLocation: sourceLocation)
    if !failed.isEmpty {
        #expect(outcome.errors.contains("checks have failed"), "\(outcome.errors)", sourceLocation: sourceLocation)
    }
}
