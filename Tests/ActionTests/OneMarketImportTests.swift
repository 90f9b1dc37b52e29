import DriverProtocol
import Posix
import TestSupport
import Testing
import XML

/// The two steps of IMPORT, and the input of the drivers.
@Suite struct OneMarketImportTests {
    private static let modern = OneMarketRig.onStandardInput

    /// A script that prints a text.
    private static func prints(_ text: String) -> String { "cat <<'END'\n\(text)\nEND\n" }

    /// Returns the tree without the white space that the stock driver adds for looks.
    private func essence(_ text: String) throws -> XMLElement {
        func strip(_ element: XMLElement) -> XMLElement {
            guard !element.children.isEmpty else { return element }
            return XMLElement(name: element.name, nodes: element.children.map { .element(strip($0)) })
        }
        return strip(try Message(text: Array(text.utf8)).root)
    }

    private static func recordedImports() throws -> [String] {
        try Fixture.messages(endingIn: ".step2.xml").map { String($0.dropLast(".step2.xml".count)) }.filter {
            try $0.hasPrefix("market-http-") && Fixture.messages(endingIn: ".answer").contains($0 + ".answer")
        }
    }

    @Test("the recorded imports get what the stock driver gave them, and their answer reaches oned")
    func recorded() throws {
        let names = try Self.recordedImports()
        #expect(names.count >= 3)
        for name in names {
            func fixture(_ suffix: String) throws -> String { try Fixture.text("messages/\(name).\(suffix)") }
            let rig = try OneMarketRig(drivers: [
                "datastore/fs/export": OneMarketRig.record + Self.prints(try fixture("export.answer")),
                "market/http/import": Self.modern + OneMarketRig.record + Self.prints(try fixture("answer")),
            ])
            try rig.send("IMPORT", 31, try fixture("xml"))
            #expect(try rig.success() == fixture("answer") + "\n")
            for (driver, suffix) in [("datastore-fs-export", "export.xml"), ("market-http-import", "step2.xml")] {
                #expect(try rig.file("\(driver).arguments") == "31\n")
                #expect(try essence(rig.file("\(driver).input")) == essence(fixture(suffix)))
                #expect(try rig.file("\(driver).environment").contains("MARKET_DRIVERS_MAD_PID=\(rig.child.pid)\n"))
            }
            #expect(try rig.file("datastore-fs-export.environment").contains("MARKET_DRIVERS_MD5=import\n"))
            #expect(try !rig.file("market-http-import.environment").contains("MARKET_DRIVERS_MD5"))
        }
    }

    @Test("a driver without the words about standard input gets its message as an argument")
    func thirdParty() throws {
        let rig = try OneMarketRig(
            ["-m http -p http://proxy:3128"],
            drivers: [
                "datastore/fs/export": OneMarketRig.record + Self.prints(OneMarketRig.importInfo()),
                "market/http/import": OneMarketRig.record + Self.prints(OneMarketRig.imported),
                "market/http/delete": OneMarketRig.record,
                "market/http/monitor": OneMarketRig.record + "echo A=1\n",
            ])
        try rig.send("IMPORT", 5, OneMarketRig.message())
        #expect(try rig.success() == OneMarketRig.imported + "\n")
        #expect(try !rig.file("datastore-fs-export.environment").contains("MARKET_DRIVERS_MD5"))
        try rig.send("DELETE", 6, OneMarketRig.message())
        #expect(try rig.answer() == "DELETE SUCCESS 6 -")
        try rig.send("MONITOR", 100, OneMarketRig.message())
        #expect(try rig.success() == "A=1\n")
        for (action, id) in [("import", 5), ("delete", 6), ("monitor", 100)] {
            let arguments = try rig.file("market-http-\(action).arguments").split(separator: "\n").map(String.init)
            #expect(arguments.count == 2)
            #expect(arguments.last == "\(id)")
            let message = try Message(text: Array(arguments[0].utf8))
            #expect(!arguments[0].hasPrefix("<"))
            #expect(message.value("MARKETPLACE/ID") == "100")
            #expect(message.value("IMPORT_SOURCE") == (action == "import" ? "/a" : nil))
            #expect(try rig.file("market-http-\(action).input").isEmpty)
            let environment = try rig.file("market-http-\(action).environment")
            for name in ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"] {
                #expect(environment.contains("\(name)=http://proxy:3128\n"))
            }
        }
    }

    @Test("a message that fits no argument is refused, and goes through standard input")
    func longMessage() throws {
        let message = OneMarketRig.message(template: "<X>\(String(repeating: "x", count: 200_000))</X>")
        let rig = try OneMarketRig(drivers: ["market/http/monitor": OneMarketRig.record + "echo A=1\n"])
        try rig.send("MONITOR", 1, message)
        let answer = try rig.answer()
        #expect(answer.hasPrefix("MONITOR FAILURE 1 Cannot run market/http/monitor: its message has"))
        #expect(answer.contains("MAX_ARG_STRLEN") && answer.contains("# message on stdin"))
        try rig.install("market/http/monitor", Self.modern + OneMarketRig.record + "echo A=1\n")
        try rig.send("MONITOR", 1, message)
        #expect(try rig.success() == "A=1\n")
        let input = try rig.file("market-http-monitor.input")
        #expect(Base64.decode(input.utf8) == Array(message.utf8))
    }

    @Test("a market with 10,000 apps is monitored")
    func manyApps() throws {
        let rig = try OneMarketRig(drivers: ["market/http/monitor": Self.modern + "wc -c | sed 's/^/BYTES=/'\n"])
        let ids = (0..<10_000).map { "<ID>\($0)</ID>" }.joined()
        let message = OneMarketRig.message(template: "<MARKETPLACEAPPS>\(ids)</MARKETPLACEAPPS>")
        try rig.send("MONITOR", 1, message)
        #expect(try rig.success() == "BYTES=\(Base64.encode(Array(message.utf8)).count)\n")
    }

    @Test(
        "an export that has failed or has printed something else ends the import with the reason",
        arguments: [
            ("echo no such image >&2; exit 1", "no such image"),
            ("exit 3", "datastore/fs/export ended with exit status 3 and gave no reason; run it by hand to see more"),
            ("exit 0", "there is no element"),
            ("echo debug; echo '<IMPORT_INFO/>'", "there is no element"),
            ("echo '<IMPORT_INFO/>'", "IMPORT_SOURCE, SIZE, FORMAT are missing"),
            ("echo '<IMPORT_INFO>'", "the document ends inside <IMPORT_INFO>"),
        ])
    func exportFails(script: String, reason: String) throws {
        let rig = try OneMarketRig(drivers: [
            "datastore/fs/export": script + "\n", "market/http/import": Self.modern + OneMarketRig.record,
        ])
        try rig.send("IMPORT", 5, OneMarketRig.message())
        let answer = try rig.answer()
        #expect(answer.hasPrefix("IMPORT FAILURE 5 app 5: "))
        #expect(answer.contains(reason))
        #expect(try !rig.location.names().contains("market-http-import.arguments"))
    }

    @Test(
        "an import that does not say what oned stores has failed",
        arguments: [
            ("true", "SOURCE, MD5, FORMAT, SIZE are missing"),
            ("echo SOURCE=s; echo MD5=m; echo FORMAT=raw; echo SIZE=big", "SIZE='big' is not a whole number of MB"),
            ("echo 'not found'", "in line 1"),
        ])
    func importAnswer(script: String, reason: String) throws {
        let rig = try OneMarketRig(drivers: [
            "datastore/fs/export": Self.prints(OneMarketRig.importInfo()),
            "market/http/import": Self.modern + script + "\n",
        ])
        try rig.send("IMPORT", 5, OneMarketRig.message())
        let answer = try rig.answer()
        #expect(answer.hasPrefix("IMPORT FAILURE 5 app 5: market/http/import printed what oned cannot take: "))
        #expect(answer.contains(reason))
    }

    /// An export that leaves a file behind, for import to remove.
    private static let leaving =
        "touch \"$ONE_LOCATION/left behind\"\n"
        + "echo \"<IMPORT_INFO><IMPORT_SOURCE>/a</IMPORT_SOURCE><SIZE>4</SIZE>$FORMAT_ELEMENT<DISPOSE>YES</DISPOSE>"
        + "<DISPOSE_CMD>rm '$ONE_LOCATION/left behind'</DISPOSE_CMD></IMPORT_INFO>\"\n"

    @Test("what an export has left behind is removed where no import has begun")
    func dispose() throws {
        let rig = try OneMarketRig(drivers: [
            "datastore/fs/export": Self.leaving, "market/http/import": Self.modern + OneMarketRig.record,
        ])
        try rig.send("IMPORT", 5, OneMarketRig.message())
        #expect(try rig.answer().contains("FORMAT is missing"))
        try rig.send("FINALIZE")
        #expect(try rig.end() == .exited(0))
        #expect(try !rig.location.names().contains("left behind"))
    }

    @Test("an import that has begun removes it itself")
    func disposeByImport() throws {
        let rig = try OneMarketRig(
            drivers: [
                "datastore/fs/export": Self.leaving,
                "market/http/import": Self.modern + OneMarketRig.record + Self.prints(OneMarketRig.imported),
            ], environment: ["FORMAT_ELEMENT": "<FORMAT>raw</FORMAT>"])
        try rig.send("IMPORT", 5, OneMarketRig.message())
        #expect(try rig.success() == OneMarketRig.imported + "\n")
        let message = try Message(text: Array(rig.file("market-http-import.input").utf8))
        #expect(message.value("DISPOSE_CMD") == "rm '\(rig.location.path("left behind"))'")
        #expect(message.value("MD5") == nil)
        try rig.send("FINALIZE")
        #expect(try rig.end() == .exited(0))
        #expect(try rig.location.names().contains("left behind"))
    }

    @Test("an export that is cancelled and finishes all the same is cleaned up behind")
    func disposeAfterCancel() throws {
        let rig = try OneMarketRig(
            drivers: [
                "datastore/fs/export": "trap 'GO=1' TERM\necho > \"$ONE_LOCATION/began\"\n"
                    + "until [ \"$GO\" ]; do sleep 0.02; done\n" + Self.leaving,
                "market/http/import": Self.modern + OneMarketRig.record,
            ], environment: ["FORMAT_ELEMENT": "<FORMAT>raw</FORMAT>"])
        try rig.send("IMPORT", 5, OneMarketRig.message())
        _ = try rig.awaitFile("began")
        try rig.send("DRIVER_CANCEL 5")
        #expect(
            try rig.answer()
                == "IMPORT FAILURE 5 app 5: datastore/fs/export was cancelled; create the app again if it is still wanted"
        )
        try rig.send("FINALIZE")
        #expect(try rig.end() == .exited(0))
        #expect(try rig.location.names().contains("began"))
        #expect(try !rig.location.names().contains("left behind"))
        #expect(try !rig.location.names().contains("market-http-import.arguments"))
    }

    @Test("a dispose command that fails is told in the log")
    func disposeFails() throws {
        let rig = try OneMarketRig(drivers: [
            "datastore/fs/export":
                "echo '<IMPORT_INFO><DISPOSE>YES</DISPOSE><DISPOSE_CMD>false</DISPOSE_CMD></IMPORT_INFO>'\n",
            "market/http/import": Self.modern,
        ])
        try rig.send("IMPORT", 5, OneMarketRig.message())
        #expect(try rig.answer().contains("are missing"))
        #expect(
            try rig.line() == "LOG W 5 app 5: IMPORT: what the export left behind could not be removed: "
                + "DISPOSE_CMD ended with exit status 1 and gave no reason; run it by hand to see more")
    }
}
