import Foundation
import TestSupport
import Testing

/// Images of a Ceph datastore come through OpenNebula's own downloader; here a stand-in for it.
@Suite struct DownloaderSourceTests {
    private static let secret = "aSecretKey"
    private let market: LocalMarket
    private let location = "rbd://host/one/one-1?CEPH_USER=oneadmin&CEPH_KEY=" + secret

    init() throws {
        market = try LocalMarket()
    }

    private func `import`(_ location: String, downloader script: String?) throws -> Outcome {
        if let script {
            _ = try market.directory.makeDirectory("var/remotes/datastore")
            try market.directory.write(
                "var/remotes/datastore/downloader.sh", "#!/bin/sh\n\(script)\n".utf8, mode: 0o755)
        }
        return try market.import(location)
    }

    @Test func takesWhatTheDownloaderPrints() throws {
        let arguments = market.directory.path("arguments")
        let outcome = try `import`(location, downloader: "printf '%s\\n' \"$@\" > '\(arguments)'; printf disk")
        let file = try market.file(of: reply(of: outcome))
        #expect(try String(contentsOfFile: file, encoding: .utf8) == "disk")
        #expect(try String(contentsOfFile: arguments, encoding: .utf8) == "-n\n\(location)\n-\n")
    }

    /// Ours has taken the place of OpenNebula's, and leaves these locations to it.
    @Test func theStockScriptIsAskedDirectly() throws {
        _ = try market.directory.makeDirectory("var/remotes/datastore")
        try market.directory.write(
            "var/remotes/datastore/downloader.sh.stock", "#!/bin/sh\nprintf stock\n".utf8, mode: 0o755)
        let outcome = try `import`(location, downloader: "exec '\(DownloaderRig.program)' \"$@\"")
        #expect(try String(contentsOfFile: market.file(of: reply(of: outcome)), encoding: .utf8) == "stock")
    }

    @Test func aDownloaderThatFailsLeavesNothing() throws {
        let outcome = try `import`(location, downloader: "printf half; echo 'rbd: no such image' >&2; exit 2")
        expectRefusal(outcome, ["rbd://host/one/one-1", "rbd: no such image"])
        #expect(!outcome.errors.contains(Self.secret))
        #expect(try market.published() == [])
    }

    @Test func aMissingDownloaderIsNamed() throws {
        expectRefusal(try `import`(location, downloader: nil), ["downloader.sh", "install OpenNebula's own drivers"])
    }

    @Test(arguments: ["rbd://host/$(touch x)/i", "rbd://host/one/`id`", "rbd://host/one/i;id", "rbd://host/one/i j"])
    func noShellSeesAnOddLocation(_ location: String) throws {
        expectRefusal(try `import`(location, downloader: "printf disk"), ["a shell may act on"])
        #expect(try market.published() == [])
    }
}
