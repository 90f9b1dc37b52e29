import Foundation
import TestSupport
import Testing

/// The live line of a transfer on a terminal, which script(1) makes.
@Suite struct ProgressLineTests {
    private static let clearing = "\r\u{1B}[K"
    private let directory: TemporaryDirectory
    private let server: FaultServer

    init() throws {
        directory = try TemporaryDirectory()
        for name in ["datastore", "public", "var/remotes", "served/streams/v1"] {
            _ = try directory.makeDirectory(name)
        }
        try directory.write("var/remotes/VERSION", "7.4.0\n".utf8)
        server = try FaultServer(root: directory.path("served"))
    }

    /// Returns all that a terminal of 60 columns gets from an action.
    private func show(_ action: String, _ arguments: String = "", _ message: DriverMessage? = nil) throws -> String {
        let input = try message.map { try "'" + directory.write("message", $0.base64) + "'" } ?? "/dev/null"
        let program = Programs.path("market-drivers")
        let command = "stty cols 60 < /dev/tty; '\(program)' \(action) \(arguments) < \(input)"
        return try run(
            ["script", "-qec", command, "/dev/null"], environment: ["ONE_LOCATION": directory.path, "LC_ALL": "C"]
        ).output
    }

    /// Checks that there are live lines that fit, and nothing else in their places.
    private func expectLines(_ shown: String, _ beginning: String) {
        let parts = shown.components(separatedBy: Self.clearing)
        let lines = parts.filter { $0.hasPrefix(beginning) }
        #expect(
            !lines.isEmpty && lines.allSatisfy { $0.count <= 59 && !$0.contains("\n") }, "\(shown.debugDescription)")
        #expect(parts.contains { $0.contains("s left") || $0.hasSuffix("…") }, "\(shown.debugDescription)")
        // Its place is clear before anything else comes.
        #expect(parts.last?.hasPrefix(beginning) == false, "\(shown.debugDescription)")
    }

    private func image() throws -> (path: String, url: String) {
        let path = try directory.write("served/i", TestFiles.noise(2 << 20))
        return (path, server.url("/~slow=1500000/i"))
    }

    @Test(arguments: ["", "--md5 00000000000000000000000000000000 --noretry"]) func aDownload(options: String) throws {
        let (_, url) = try image()
        let shown = try show("datastore/downloader.sh", "\(options) \(url) '\(directory.path("copy"))'")
        expectLines(shown, "copying ")
        #expect(shown.contains(Self.clearing + "Cannot ") == !options.isEmpty, "\(shown.debugDescription)")
        #expect(FileManager.default.fileExists(atPath: directory.path("copy")) == options.isEmpty)
    }

    @Test func anImport() throws {
        let message = try DriverMessage("market-http-import.step2").with([
            "MARKETPLACE/TEMPLATE/PUBLIC_DIR": directory.path("public"),
            "MARKETPLACE/TEMPLATE/BASE_URL": "http://frontend.example/market", "IMPORT_SOURCE": image().url, "MD5": nil,
        ])
        let shown = try show("market/http/import", "", message)
        expectLines(shown, "copying ")
        #expect(shown.contains(Self.clearing + "SOURCE="), "\(shown.debugDescription)")
    }

    @Test func anExport() throws {
        let url = try image().url
        let message = try DriverMessage("market-http-import.step2").with([
            "MARKETPLACE/TEMPLATE/PUBLIC_DIR": directory.path("public"),
            "MARKETPLACE/TEMPLATE/BASE_URL": server.url("/~slow=1500000"), "MARKETPLACEAPP/SOURCE": url,
            "MARKETPLACEAPP/FORMAT": "raw", "MARKETPLACEAPP/MD5": nil,
            "DATASTORE/BASE_PATH": directory.path("datastore"),
        ])
        let shown = try show("market/http/export", "", message)
        expectLines(shown, "copying ")
        #expect(shown.contains(Self.clearing + "SOURCE="), "\(shown.debugDescription)")
    }

    @Test func aCopyIntoADatastore() throws {
        let message = try DriverMessage("datastore-cp-local-raw").with([
            "IMAGE/PATH": image().url, "DATASTORE/BASE_PATH": directory.path("datastore"),
        ])
        let shown = try show("datastore/fs/cp", "", message)
        expectLines(shown, "copying ")
        #expect(!shown.contains("Cannot"), "\(shown.debugDescription)")
    }

    /// A catalog that comes slowly, whole and cut.
    @Test(arguments: [false, true]) func aCatalog(isCut: Bool) throws {
        let whole = try Fixture.bytes("catalogs/opennebula-7.4.json")
        try directory.write("served/appliance", isCut ? whole.dropLast(1000) : whole[...])
        let message = try DriverMessage("market-one-monitor").with(
            "MARKETPLACE/TEMPLATE/ENDPOINT", server.url("/~slow=150000"))
        let shown = try show("market/one/monitor", "", message)
        expectLines(shown, "fetching ")
        #expect(shown.contains(Self.clearing + "Cannot ") == isCut, "\(shown.debugDescription.suffix(400))")
        #expect(shown.contains(Self.clearing + "APP=") != isCut)
    }
}
