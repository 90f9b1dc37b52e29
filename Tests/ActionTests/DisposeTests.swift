import Foundation
import Glibc
import Posix
import TestSupport
import Testing

/// DISPOSE_CMD removes the temporary image that a datastore has made for an import: it is owed however that ends.
@Suite struct DisposeTests {
    private let market: LocalMarket
    private let image: String
    private let recorder: String

    init() throws {
        market = try LocalMarket()
        image = try market.directory.write("image", TestFiles.noise(100_000))
        // Tells what it is given, a line each.
        recorder = try market.directory.write(
            "record", "#!/bin/sh\nprintf '<%s>\\n' \"$@\" >> \"$0.log\"\n".utf8, mode: 0o755)
    }

    private func message(_ command: String?, dispose: String? = "YES") throws -> DriverMessage {
        try market.importMessage(image).with(["DISPOSE": dispose, "DISPOSE_CMD": command])
    }

    private func recorded() throws -> [String] {
        guard FileManager.default.fileExists(atPath: recorder + ".log") else { return [] }
        return try String(contentsOfFile: recorder + ".log", encoding: .utf8).split(separator: "\n").map(String.init)
    }

    private func `import`(_ message: DriverMessage, through wrapper: [String] = []) throws -> Outcome {
        try market.act("market-http-import", input: message.base64, through: wrapper)
    }

    @Test(arguments: ["YES", "yes", "Yes"])
    func removesTheImageAfterSuccess(_ dispose: String) throws {
        let md5 = try TestFiles.md5(image)
        let reply = try reply(of: `import`(message("rm -f -- '\(image)'", dispose: dispose)))
        #expect(!FileManager.default.fileExists(atPath: image))
        #expect(try TestFiles.md5(market.file(of: reply)) == md5)
    }

    @Test(arguments: [nil, "", "NO", "no", "perhaps"])
    func leavesTheImageWhereItIsNotAskedTo(_ dispose: String?) throws {
        #expect(try `import`(message(recorder, dispose: dispose)).status == .exited(0))
        #expect(try recorded() == [])
    }

    /// Every way in which an import can fail once it has read its message.
    @Test(arguments: [
        ("MARKETPLACE/TEMPLATE/PUBLIC_DIR", ""), ("MARKETPLACE/TEMPLATE/PUBLIC_DIR", "/nowhere/at/all"),
        ("MARKETPLACE/TEMPLATE/BASE_URL", "none"), ("MARKETPLACE/TEMPLATE/BRIDGE_LIST", "-oProxyCommand=x"),
        ("MARKETPLACEAPP/ID", ""), ("IMPORT_SOURCE", ""), ("IMPORT_SOURCE", "/nowhere/at/all"),
        ("MD5", "00000000000000000000000000000000"), ("MD5", "x"), ("SIZE", "x"), ("FORMAT", ""), ("FORMAT", "?"),
    ])
    func runsAfterEachFailure(_ path: String, _ value: String) throws {
        let outcome = try `import`(message("\(recorder) gone").with(path, value))
        expectRefusal(outcome, [])
        #expect(try recorded() == ["<gone>"])
        #expect(try market.published() == [])
    }

    /// No backend has to think of it, not even one that refuses.
    @Test(arguments: LauncherTests.names.filter { $0.hasSuffix("/import") })
    func isOwedByEveryImport(_ name: String) throws {
        let outcome = try market.act(
            name.replacing("/", with: "-"), message("\(recorder) gone").with("IMPORT_SOURCE", "/nowhere/at/all"))
        expectRefusal(outcome, [])
        #expect(try recorded() == ["<gone>"])
    }

    @Test func runsWhereTheResultCannotBePrinted() throws {
        let wrapper = ["sh", "-c", "exec \"$@\" > /dev/full", "sh"]
        expectRefusal(try `import`(message("\(recorder) gone"), through: wrapper), ["No space left on device"])
        #expect(try recorded() == ["<gone>"])
    }

    @Test func noShellReadsTheCommand() throws {
        let command = "\(recorder)  'a b' \"c \\\" d\" $(touch x) `touch x` ; touch x & > x | $HOME * e\\ f ''"
        #expect(try `import`(message(command)).status == .exited(0))
        let expected = [
            "a b", "c \" d", "$(touch", "x)", "`touch", "x`", ";", "touch", "x", "&", ">", "x", "|", "$HOME", "*",
            "e f", "",
        ]
        #expect(try recorded() == expected.map { "<\($0)>" })
        #expect(try !market.contents().contains("x"))
    }

    @Test(arguments: [
        ("false", "exit status 1"), ("/nowhere/program", "No such file or directory"),
        ("sh -c 'echo because >&2; exit 3'", "because"), ("sh -c 'kill -9 $$'", "ended by signal 9"),
    ])
    func tellsWhereItFailed(_ command: String, _ reason: String) throws {
        let outcome = try `import`(message(command))
        _ = try market.file(of: reply(of: outcome))
        #expect(outcome.errors.hasPrefix("WARN: "))
        #expect(outcome.errors.contains("DISPOSE_CMD failed, remove the temporary image by hand: "))
        #expect(outcome.errors.contains(reason))
    }

    @Test(arguments: ["", "   "])
    func anEmptyCommandIsNone(_ command: String) throws {
        let outcome = try `import`(message(command))
        #expect(outcome.status == .exited(0) && outcome.errors == "")
    }

    @Test func runsWhereASignalEndsTheImport() throws {
        try TestFiles.makeSparse(image, length: 1 << 30, data: [0: [1]])
        let action = try RunningAction("market-http-import", message("\(recorder) gone"), in: market)
        try action.whileStopped { _ in action.send(SIGTERM) }
        expectRefusal(try action.finish(), ["Cannot finish market/http/import: ended by signal 15"])
        #expect(try recorded() == ["<gone>"])
        #expect(try market.published() == [])
    }

    /// No reply is out by then: the image is taken back, and the command runs to its end.
    @Test func aSignalDoesNotDisturbTheCommand() throws {
        let command = "sh -c '\(recorder) begun; sleep 0.5; \(recorder) done'"
        let action = try RunningAction("market-http-import", message(command), in: market)
        try action.wait { try recorded() == ["<begun>"] }
        action.send(SIGTERM)
        expectRefusal(try action.finish(), ["Cannot finish market/http/import: ended by signal 15"])
        #expect(try recorded() == ["<begun>", "<done>"])
        #expect(try market.published() == [])
    }
}
