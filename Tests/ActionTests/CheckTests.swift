import Foundation
import TestSupport
import Testing

/// `market/*/check`, with what works and with what does not.
@Suite struct CheckTests {
    private func lines(_ outcome: Outcome) -> [String] { outcome.output.split(separator: "\n").map(String.init) }

    /// Returns what the lines that failed are about.
    private func failed(_ outcome: Outcome) -> [String] {
        lines(outcome).filter { $0.hasPrefix("FAILED") }.map { String($0.dropFirst(8).prefix { $0 != ":" }) }
    }

    /// Checks that some lines failed, and that the only line on standard error says so.
    private func expectFailures(_ outcome: Outcome, _ names: [String], _ words: String) {
        #expect(outcome.status == .exited(1))
        #expect(failed(outcome) == names)
        #expect(outcome.output.contains(words), "\(outcome.output)")
        #expect(outcome.reasons.count == 1 && outcome.errors.contains("checks have failed"))
    }

    @Test func aDirectoryThatIsServed() throws {
        let market = try LocalMarket()
        let nginx = try Nginx(root: market.publicDirectory)
        let url = "MARKETPLACE/TEMPLATE/BASE_URL"
        let message = try market.monitorMessage().with(url, nginx.url(""))
        let outcome = try market.act("market-http-check", message)
        #expect(outcome.status == .exited(0) && outcome.errors == "", "\(outcome.output)\(outcome.errors)")
        #expect(lines(outcome).count == 5 && failed(outcome) == [])
        #expect(try market.published() == [])

        let elsewhere = try Nginx(root: market.datastore)
        expectFailures(
            try market.act("market-http-check", message.with(url, elsewhere.url(""))), ["web server"], "404")
        expectFailures(
            try market.act("market-http-check", message.with(url, "http://127.0.0.1:1/x")), ["web server"],
            "Failed to connect")
        let missing = message.with("MARKETPLACE/TEMPLATE/PUBLIC_DIR", market.directory.path("none"))
        expectFailures(
            try market.act("market-http-check", missing), ["room", "writing"], "No such file or directory")
        #expect(try market.published() == [] && market.directory.names(in: "datastore") == [])
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

    @Test(arguments: S3Server.Kind.allCases) func aBucketWithItsKeys(kind: S3Server.Kind) throws {
        let market = try BucketMarket(S3Server.shared(kind), bucket: "checked")
        let outcome = try market.act("check", market.message("market-s3-monitor"))
        #expect(outcome.status == .exited(0) && outcome.errors == "", "\(outcome.output)\(outcome.errors)")
        #expect(lines(outcome).count == 7 && failed(outcome) == [])
        try market.expectNothing()
        expectFailures(
            try market.act(
                "check", market.message("market-s3-monitor", ["MARKETPLACE/TEMPLATE/BUCKET": "never-made"])),
            ["bucket"], "NoSuchBucket")
    }

    @Test(arguments: ["one", "linuxcontainers"]) func aCatalog(kind: String) throws {
        let rig = try CatalogRig(kind)
        try rig.serveRecorded()
        let nginx = try Nginx(root: rig.served)
        let outcome = try rig.act("check", rig.message(nginx.url(""), ["CACHE": "YES"]))
        #expect(outcome.output == "ok      catalog: \(rig.recordedApps) apps are listed\n", "\(outcome.errors)")
        #expect(outcome.status == .exited(0))
        #expect(!FileManager.default.fileExists(atPath: rig.directory.path("var/market-drivers")))
        expectFailures(try rig.act("check", rig.message("http://127.0.0.1:1")), ["catalog"], "Failed to connect")
    }
}
