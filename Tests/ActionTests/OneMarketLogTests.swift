import DriverProtocol
import Posix
import TestSupport
import Testing
import XML

/// The lines in oned's log, which shows the text of a line and nothing else.
@Suite struct OneMarketLogTests {
    private static let modern = OneMarketRig.onStandardInput

    private func message(_ id: Int, _ name: String, market: String = "m") throws -> String {
        OneMarketRig.message().replacing(
            "<MARKETPLACEAPP><ID>1</ID>",
            with: "<MARKETPLACEAPP><ID>\(id)</ID><NAME>\(XMLText.characterData(name))</NAME>"
        ).replacing(
            "<MARKETPLACE><ID>100</ID>", with: "<MARKETPLACE><ID>100</ID><NAME>\(XMLText.characterData(market))</NAME>")
    }

    /// The texts of the LOG lines and failures, without what oned drops: verb, status, level and id.
    private func texts(_ lines: [String]) -> [String] {
        lines.map { $0.split(separator: " ", maxSplits: 3).last.map(String.init) ?? "" }
    }

    @Test("seven uploads at once can be told apart, also where their drivers are others'")
    func seven() throws {
        let rig = try OneMarketRig(drivers: [
            "datastore/fs/export": """
            echo "INFO: $1 datastore/fs/export: looking" >&2
            until [ -e "$ONE_LOCATION/go" ]; do sleep 0.05; done
            \("cat <<'END'\n\(OneMarketRig.importInfo())\nEND\n")
            """,
            "market/http/import": "echo 'INFO: copying' >&2\necho 'WARN: slow' >&2\necho 'it is full' >&2\nexit 1\n",
        ])
        let names = (1...7).map { "Ubuntu 24.04 (\($0))" }
        for (number, name) in names.enumerated() { try rig.send("IMPORT", number + 20, message(number + 20, name)) }
        var lines: [String] = []
        for _ in names { lines.append(try #require(try rig.line())) }
        try rig.location.write("go", [])
        for _ in 0..<3 * 7 { lines.append(try #require(try rig.line())) }
        for (number, name) in names.enumerated() {
            let own = texts(lines).filter { $0.hasPrefix("app \(number + 20) \"\(name)\": ") }
            #expect(own.count == 4)
            #expect(own.last == "app \(number + 20) \"\(name)\": it is full")
        }
    }

    @Test("our own uploads name their app once, in each line")
    func ownActions() throws {
        let market = try LocalMarket()
        let image = try market.directory.write("datastore/image", TestFiles.noise(4096))
        // Disposal of a temporary file that nobody can dispose of is worth a line.
        let information = OneMarketRig.importInfo("<DISPOSE>YES</DISPOSE><DISPOSE_CMD>false</DISPOSE_CMD>")
            .replacing("/a<", with: "\(image)<").replacing("<MD5>m</MD5>", with: "<MD5/>")
        let rig = try OneMarketRig(drivers: [
            "datastore/fs/export": "cat <<'END'\n\(information)\nEND\n",
            "market/http/import": Programs.launcher("market-http-import"),
        ])
        let request = try market.importMessage(image).with([
            "MARKETPLACEAPP/ID": "20", "MARKETPLACEAPP/NAME": "a \"b\"", "MARKETPLACE/MARKET_MAD": "http",
            "DATASTORE/DS_MAD": "fs", "MARKETPLACEAPP/TYPE": "1",
            // The elements that the driver manager adds.
            "IMPORT_SOURCE": nil, "MD5": nil, "SIZE": nil, "FORMAT": nil, "DISPOSE": nil, "DISPOSE_CMD": nil,
        ])
        try rig.send("IMPORT", 20, request.xml)
        #expect(try rig.success().contains("MD5="))
        #expect(rig.logs.count == 1)
        #expect(rig.logs.first?.hasPrefix("LOG W 20 market/http/import: app 20 \"a 'b'\": DISPOSE_CMD failed") == true)
    }

    @Test("a name is one short line, whatever is in it")
    func hostileNames() throws {
        let rig = try OneMarketRig(drivers: ["market/http/delete": Self.modern + "echo 'INFO: x' >&2\nexit 1\n"])
        let names = [
            "a\nLOG E -1 forged", "]]>", "\u{1B}[31mred", String(repeating: "long ", count: 1000), "\u{2028}\u{85}",
            "DELETE SUCCESS 7 -",
        ]
        for (number, name) in names.enumerated() {
            try rig.send("DELETE", number, message(number, name))
            let answer = try rig.answer()
            #expect(answer.hasPrefix("DELETE FAILURE \(number) app \(number) \""))
            #expect(rig.logs.count == number + 1)
            for line in [answer, rig.logs[number]] {
                #expect(faultOfLine(line) == nil)
                #expect(line.unicodeScalars.count < 250)
            }
        }
    }

    @Test("a monitor that fails says it once per cause, and that it succeeds again")
    func monitorOnce() throws {
        let script =
            Self.modern + """
                cat > /dev/null
                echo "INFO: cannot fetch yet: Failed to connect after $$ ms; trying again in 0.$$ s" >&2
                [ -e "$ONE_LOCATION/up" ] && echo A=1 && exit 0
                cat "$ONE_LOCATION/cause" >&2
                exit 1

                """
        let rig = try OneMarketRig(["-t 1 -m http"], drivers: ["market/http/monitor": script])
        try rig.location.write("cause", "HTTP 503, request tx1\n".utf8)
        for id in [100, 100, 101, 100, 101] { try rig.send("MONITOR", id, try message(1, "a")) }
        #expect(try rig.answer() == "MONITOR FAILURE 100 HTTP 503, request tx1")
        #expect(try rig.answer() == "MONITOR FAILURE 101 HTTP 503, request tx1")
        // Answers come in the order of the requests here: all before this one are done.
        try rig.send("DELETE  1 !")
        #expect(try rig.answer().hasPrefix("DELETE FAILURE 1 "))
        try rig.location.write("cause", "HTTP 404\n".utf8)
        try rig.send("MONITOR", 100, message(1, "a"))
        #expect(try rig.answer() == "MONITOR FAILURE 100 HTTP 404")
        #expect(texts(rig.logs).filter { $0.contains("cannot fetch yet") }.count == 2)
        #expect(texts(rig.logs).allSatisfy { $0.hasPrefix("marketplace 10") && $0.contains(" \"m\": ") })
        try rig.location.write("up", [])
        for _ in 0..<2 {
            try rig.send("MONITOR", 100, message(1, "a"))
            #expect(try rig.success() == "A=1\n")
        }
        #expect(
            rig.logs.filter { $0.contains("again, after") } == [
                "LOG I 100 marketplace 100 \"m\": MONITOR: succeeds again, after 4 failures"
            ])
    }
}
