import DriverProtocol
import Glibc
import Posix
import TestSupport
import Testing

/// The answers of one_market to oned's lines.
@Suite struct OneMarketProtocolTests {
    private static let ready = ["market/http/monitor": OneMarketRig.onStandardInput + "cat > /dev/null; echo A=1\n"]

    @Test("INIT is answered alone, whatever there is to tell")
    func initialize() throws {
        // Closed standard error: unknown options are reported in the log, not together with the answer.
        let rig = try OneMarketRig(
            ["-t 2 -m http -d 5"], drivers: Self.ready, through: ["sh", "-c", "exec \"$@\" 2>&-", "sh"])
        try rig.send("INIT")
        #expect(try rig.read(until: Clock.now + 10) == Array("INIT SUCCESS - -\n".utf8))
        #expect(throws: OneMarketRig.TimedOut.self) { try rig.read(until: Clock.now + 0.3) }
        try rig.send("MONITOR", 100, OneMarketRig.message())
        #expect(try rig.success() == "A=1\n")
        #expect(rig.logs == ["LOG W -1 one_market: unknown option -d; it is ignored"])
        try rig.send("MONITOR", 1, OneMarketRig.message(market: "s3"))
        #expect(try rig.answer() == "MONITOR FAILURE 1 Marketplace driver 's3' not available")
        try rig.send("FINALIZE")
        #expect(try rig.end() == .exited(0))
    }

    @Test("without -m every driver that is installed may be used")
    func everyDriver() throws {
        let rig = try OneMarketRig(["-t 2"], drivers: ["market/of-our-own/monitor": "echo A=1"])
        try rig.send("MONITOR", 7, OneMarketRig.message(market: "of-our-own"))
        #expect(try rig.success() == "A=1\n")
        try rig.send("MONITOR", 8, OneMarketRig.message(market: "ghost"))
        #expect(try rig.answer().contains("market/ghost/monitor: No such file or directory; install that driver"))
        try rig.send("MONITOR", 9, OneMarketRig.message(market: "../../http"))
        #expect(try rig.answer() == "MONITOR FAILURE 9 Marketplace driver '../../http' not available")
    }

    @Test("a closed standard error is /dev/null before anything else is opened")
    func closedErrors() throws {
        let rig = try OneMarketRig(drivers: Self.ready, through: ["sh", "-c", "exec \"$@\" 2>&-", "sh"])
        try rig.send("INIT")
        #expect(try rig.line() == "INIT SUCCESS - -")
        let leads = try resolvedPath("/proc/\(rig.child.pid)/fd/2")
        #expect(leads == "/dev/null")
    }

    @Test(
        "by hand, a wrong command line ends it with a reason",
        arguments: [(["--bogus"], "unknown option --bogus"), (["-t", "x"], "-t x is not a number of actions")])
    func wrongOptions(arguments: [String], reason: String) throws {
        let outcome = try run([Programs.path("one_market")] + arguments)
        #expect(outcome.status == .exited(1))
        #expect(outcome.output.isEmpty)
        #expect(outcome.errors == "one_market: \(reason); see --help\n")
    }

    @Test("help is printed")
    func help() throws {
        let outcome = try run([Programs.path("one_market"), "--help"])
        #expect(outcome.status == .exited(0))
        #expect(outcome.output.contains("-t, --threads N"))
        #expect(outcome.errors.isEmpty)
    }

    @Test("lines that mean nothing are passed over")
    func garbage() throws {
        let rig = try OneMarketRig(drivers: Self.ready)
        for line in ["", "FOO", "IMPORT", "IMPORT  x QUJD", "IMPORT  -3 QUJD", "MONITOR 99999999999999999999 QQ=="] {
            try rig.send(line)
        }
        try [UInt8]([0xFF, 0x00, 0x0A]).withUnsafeBytes { try rig.child.input?.writeWaiting($0) }
        try rig.send("DRIVER_CANCEL 12")
        try rig.send("INIT")
        #expect(try rig.answer() == "INIT SUCCESS - -")
        #expect(rig.logs == ["LOG I 12 DRIVER_CANCEL 12: nothing is at work for this object"])
        #expect(OneMarketRig.isAlive("\(rig.child.pid)"))
    }

    @Test(
        "a payload that cannot be read is answered for its own action",
        arguments: ["IMPORT", "DELETE", "MONITOR"])
    func undecodable(verb: String) throws {
        let rig = try OneMarketRig(drivers: Self.ready)
        let payloads = [
            ("!!!", "it is neither base64 nor XML"), ("", "it is empty"), ("QUJD", "there is no element"),
            ("PEE+", "the document ends inside <A>"), ("PEEvPg==", "its root is <A>"),
        ]
        for (payload, reason) in payloads {
            try rig.send("\(verb)  4 \(payload)")
            let answer = try rig.answer()
            let object = verb == "MONITOR" ? "" : "app 4: "
            #expect(answer.hasPrefix("\(verb) FAILURE 4 \(object)Cannot read the driver message: "))
            #expect(answer.contains(reason))
        }
    }

    @Test("a line over 24 MiB is refused, and the next one is heard")
    func tooLong() throws {
        let rig = try OneMarketRig(drivers: Self.ready)
        try rig.send("MONITOR  8 " + String(repeating: "A", count: 24 << 20))
        try rig.send("FOO  8 " + String(repeating: "A", count: 24 << 20))
        try rig.send("MONITOR", 9, OneMarketRig.message())
        #expect(
            try rig.answer()
                == "MONITOR FAILURE 8 Cannot read the driver message: the line is longer than 24 MiB; shorten the templates in it"
        )
        #expect(try rig.success() == "A=1\n")
        #expect(
            rig.logs == [
                "LOG E 8 marketplace 8: MONITOR is skipped: the line is longer than 24 MiB",
                "LOG E -1 one_market: a line is skipped: the line is longer than 24 MiB",
            ])
    }

    @Test("apps without an image are neither imported nor deleted")
    func templates() throws {
        let rig = try OneMarketRig()
        for (name, id, app) in [("vmtemplate", 10, "vmtemplate app"), ("servicetemplate", 12, "service app")] {
            try rig.send("IMPORT", id, try Fixture.text("messages/market-http-import-\(name).xml"))
            #expect(
                try rig.line()
                    == "LOG I \(id) app \(id) \"\(app)\": IMPORT: nothing to upload, an app of this type has no image")
        }
        try rig.send("DELETE", 11, try Fixture.text("messages/market-http-delete-vmtemplate.xml"))
        #expect(try rig.line() == "DELETE SUCCESS 11 -")
        try rig.send("INIT")
        #expect(try rig.line() == "INIT SUCCESS - -")
    }

    @Test("a driver that is not to be had is told before anything runs")
    func unavailable() throws {
        let rig = try OneMarketRig(drivers: ["datastore/fs/export": OneMarketRig.record])
        try rig.send("IMPORT", 10, try Fixture.text("messages/market-ghost-import.xml"))
        #expect(try rig.answer() == "IMPORT FAILURE 10 app 10 \"ghost app\": Marketplace driver 'ghost' not available")
        try rig.send("MONITOR", 1, OneMarketRig.message(market: "../../../http"))
        #expect(try rig.answer() == "MONITOR FAILURE 1 Marketplace driver '../../../http' not available")
        try rig.send("IMPORT", 2, OneMarketRig.message(datastore: ".."))
        #expect(try rig.answer() == "IMPORT FAILURE 2 app 2: Datastore driver '..' not available")
        // It is allowed, but not installed.
        for (verb, action) in [("IMPORT", "import"), ("DELETE", "delete"), ("MONITOR", "monitor")] {
            try rig.send(verb, 3, OneMarketRig.message())
            let path = rig.location.path("var/remotes/market/http/\(action)")
            #expect(
                try rig.answer()
                    == "\(verb) FAILURE 3 \(verb == "MONITOR" ? "" : "app 3: ")Cannot run \(path): No such file or directory; install that driver, or correct "
                    + "the driver's name in the marketplace's or the datastore's settings")
        }
        #expect(try !rig.location.names().contains("datastore-fs-export.arguments"))
    }

    @Test("each of 10,000 requests in one burst gets one answer, while oned reads none")
    func burst() throws {
        let rig = try OneMarketRig()
        let message = String(
            decoding: Base64.encode(Array(OneMarketRig.message(market: "ghost").utf8)), as: UTF8.self)
        for id in 0..<10_000 { try rig.send("MONITOR  \(id) \(message)") }
        var ids = Set<Int>()
        for _ in 0..<10_000 {
            let words = try rig.answer().split(separator: " ", maxSplits: 3).map(String.init)
            #expect(words[0] == "MONITOR" && words[1] == "FAILURE")
            ids.insert(try #require(Int(words[2])))
        }
        #expect(ids == Set(0..<10_000))
        try rig.send("INIT")
        #expect(try rig.line() == "INIT SUCCESS - -")
    }

    @Test("at most -t actions run at once, and answers come as they finish")
    func concurrency() throws {
        let script =
            OneMarketRig.onStandardInput
                + """
                cat > /dev/null
                echo $1 >> "$ONE_LOCATION/started"
                until [ -e "$ONE_LOCATION/go-$1" ]; do sleep 0.01; done
                echo ID=$1

                """
        let rig = try OneMarketRig(["-t 2"], drivers: ["market/http/monitor": script])
        for id in 1...4 { try rig.send("MONITOR", id, OneMarketRig.message()) }
        _ = try rig.awaitFile("started")
        for id in [2, 1, 3, 4] {
            while try rig.file("started").split(separator: "\n").count < min(4, id == 2 ? 2 : 3) { usleep(2000) }
            #expect(try rig.file("started").split(separator: "\n").count <= (id == 2 ? 2 : id == 1 ? 3 : 4))
            try rig.location.write("go-\(id)", [])
            #expect(try rig.success() == "ID=\(id)\n")
        }
    }

    @Test("it needs neither libcurl nor libcrypto nor Foundation")
    func libraries() throws {
        let libraries = try run(["ldd", Programs.path("one_market")]).output
        #expect(libraries.contains("libc.so"))
        for name in ["curl", "crypto", "ssl", "Foundation"] { #expect(!libraries.contains(name)) }
    }

    @Test("it takes no processor time while there is nothing to do")
    func idle() throws {
        let rig = try OneMarketRig(drivers: Self.ready)
        try rig.send("MONITOR", 1, OneMarketRig.message())
        #expect(try rig.success() == "A=1\n")
        func ticks() throws -> [String] {
            let text = try run(["cat", "/proc/\(rig.child.pid)/stat"]).output
            return Array(text.split(separator: " ").map(String.init)[13...14])
        }
        let before = try ticks()
        usleep(500_000)
        #expect(try ticks() == before)
    }
}
