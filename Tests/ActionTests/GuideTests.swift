import DriverProtocol
import Foundation
import TestSupport
import Testing

/// The guide for those who add a driver: its code works unchanged.
@Suite(.serialized) struct GuideTests {
    private static let program = Result { try Guide().build() }

    private let guide: Guide
    private let directory: TemporaryDirectory
    private let shelf: String

    init() throws {
        guide = try Guide()
        directory = try TemporaryDirectory()
        shelf = try directory.makeDirectory("shelf")
    }

    private func act(_ action: String, _ fixture: String, _ values: KeyValuePairs<String, String?> = [:]) throws
        -> Outcome
    {
        let message = try DriverMessage(fixture).with("MARKETPLACE/TEMPLATE/SHELF", shelf).with(values)
        return try run(
            [Self.program.get(), "market/example/" + action], input: message.base64,
            environment: ["ONE_LOCATION": directory.path])
    }

    @Test func aMarketplaceComesOfItsBlocks() throws {
        let told = try Template(parsing: act("monitor", "market-http-monitor").output)
        #expect(["USED_MB", "FREE_MB", "TOTAL_MB"].allSatisfy { told[$0].flatMap { UInt64($0) } != nil })

        let image = try directory.write("image", TestFiles.noise(3_000_000))
        let md5 = try TestFiles.md5(image)
        let imported = try reply(
            of: act("import", "market-http-import.step2", ["IMPORT_SOURCE": image, "MD5": md5, "FORMAT": "raw"]))
        let name = try #require(directory.names(in: "shelf").first)
        #expect(imported["SOURCE"] == "example://" + name && imported["MD5"] == md5)
        #expect(try TestFiles.md5(shelf + "/" + name) == md5)

        let datastore = directory.path("datastore")
        let values: KeyValuePairs<String, String?> = [
            "MARKETPLACEAPP/SOURCE": imported["SOURCE"], "MARKETPLACEAPP/MD5": md5, "MARKETPLACEAPP/FORMAT": "raw",
            "DATASTORE/BASE_PATH": datastore, "DATASTORE/DS_MAD": "fs",
        ]
        let exported = try reply(of: act("export", "market-http-import.step2", values))
        #expect(try TestFiles.md5(#require(exported["SOURCE"])) == md5)

        let deleted = try act("delete", "market-http-delete", ["MARKETPLACEAPP/SOURCE": imported["SOURCE"]])
        #expect(deleted.status == .exited(0) && deleted.output == "")
        #expect(try directory.names(in: "shelf") == [])
    }

    /// DISPOSE_CMD runs however an import ends, without a word of it in the backend.
    @Test(arguments: [
        ("SIZE", "1", 0), ("MD5", String(repeating: "0", count: 32), 1), ("IMPORT_SOURCE", "/no/file", 1),
    ])
    func whatWasMadeForAnImportGoes(_ path: String, _ value: String, _ status: Int32) throws {
        let image = try directory.write("image", TestFiles.noise(1000))
        let made = try directory.write("made", [])
        let outcome = try act(
            "import", "market-http-import.step2",
            [
                "IMPORT_SOURCE": image, "MD5": nil, "FORMAT": "raw", "DISPOSE": "YES", "DISPOSE_CMD": "rm \(made)",
                path: value,
            ])
        #expect(outcome.status == .exited(status), "\(outcome.errors)")
        #expect(!FileManager.default.fileExists(atPath: made))
        #expect(try directory.names(in: "shelf").count == (status == 0 ? 1 : 0))
    }

    @Test(arguments: ["example://../secret", "example://a/b", "example://.hidden", "example://", "/etc/passwd"])
    func whatIsNoFileOfTheShelfIsRefused(_ source: String) throws {
        let outcome = try act(
            "export", "market-http-import.step2",
            [
                "MARKETPLACEAPP/SOURCE": source, "DATASTORE/BASE_PATH": directory.path("datastore"),
                "DATASTORE/DS_MAD": "fs",
            ])
        expectRefusal(outcome, ["names no file of the shelf"])
    }

    @Test(arguments: Guide.actions) func itsActionsAndLaunchersAgree(_ action: String) throws {
        let program = try Self.program.get()
        #expect(
            try TestFiles.succeed([program, "market/example/\(action)", "--help"]).output.hasPrefix(
                "market/example/\(action): "))
        let launcher = Fixture.packageRoot.appending(path: ".build/guide/remotes/market/example/\(action)")
        #expect(
            try String(contentsOf: launcher, encoding: .utf8)
                == "#!/bin/sh\n" + LauncherTests.command("market/example/\(action)") + "\n")
    }

    @Test func aMessageOfOnedsIsRecorded() throws {
        let recorder = try #require(guide.blocks.first { $0.code.contains("mktemp") }).code
        let rig = try OneMarketRig(
            ["-t 15 -m example"], drivers: ["market/example/monitor": String(recorder.dropFirst("#!/bin/sh\n".count))],
            environment: ["TMPDIR": directory.path])
        let message = OneMarketRig.message(market: "example", template: "<KEY>value</KEY>")
        try rig.send("MONITOR", 5, message)
        let answer = try rig.answer()
        let beginning = "MONITOR FAILURE 5 the message is in "
        try #require(answer.hasPrefix(beginning))
        #expect(try String(contentsOfFile: String(answer.dropFirst(beginning.count)), encoding: .utf8) == message)
    }
}
