import DriverProtocol
import Posix
import TestSupport
import Testing

/// The handling of drivers' output.
@Suite struct OneMarketOutputTests {
    private static let modern = OneMarketRig.onStandardInput

    private func rig(_ monitor: String) throws -> OneMarketRig {
        try OneMarketRig(drivers: ["market/http/monitor": Self.modern + monitor + "\n"])
    }

    @Test(
        "a failure has a reason",
        arguments: [
            ("echo 'it is down' >&2; exit 1", "it is down"),
            ("printf 'one\\nINFO: no reason\\n\\n two \\nthree' >&2; exit 255", "one two three"),
            ("exit 3", "market/http/monitor ended with exit status 3 and gave no reason; run it by hand to see more"),
            ("echo 'ERROR: a' >&2; echo 'ERROR: 7 b' >&2; exit 3", "market/http/monitor ended with exit status 3: b"),
            ("echo A=1; echo why >&2; exit 1", "why"),
            // text that oned cannot store
            ("printf 'a ]]> b\\033[1m\\001c\\n' >&2; exit 1", "a ]] > b\\u{1b}[1m\\u{1}c"),
            ("printf 'bad \\377 UTF-8 \\303' >&2; exit 1", "bad \u{FFFD} UTF-8 \u{FFFD}"),
        ])
    func reasons(script: String, reason: String) throws {
        let rig = try rig(script)
        try rig.send("MONITOR", 5, OneMarketRig.message())
        #expect(try rig.answer() == "MONITOR FAILURE 5 \(reason)")
    }

    @Test("a long reason is cut at 1,000 characters")
    func longReason() throws {
        let rig = try rig("seq 1 5000 >&2; exit 1")
        try rig.send("MONITOR", 5, OneMarketRig.message())
        let answer = try rig.answer()
        #expect(answer.hasPrefix("MONITOR FAILURE 5 1 2 3 4 "))
        #expect(answer.unicodeScalars.count == "MONITOR FAILURE 5 ".count + 1000)
        #expect(answer.hasSuffix("…"))
    }

    @Test("log lines are passed on while the action runs")
    func logs() throws {
        let rig = try rig(
            """
            for level in ERROR WARN INFO DEBUG; do echo "$level: text ]]> $level" >&2; done
            echo 'INFO: 77 market/http/monitor: of another object' >&2
            until [ -e "$ONE_LOCATION/go" ]; do sleep 0.01; done
            echo A=1
            """)
        try rig.send("MONITOR", 5, OneMarketRig.message())
        let expected = [
            "LOG E 5 marketplace 5: text ]] > ERROR", "LOG W 5 marketplace 5: text ]] > WARN",
            "LOG I 5 marketplace 5: text ]] > INFO", "LOG D 5 marketplace 5: text ]] > DEBUG",
            "LOG I 77 marketplace 5: market/http/monitor: of another object",
        ]
        for line in expected { #expect(try rig.line() == line) }
        try rig.location.write("go", [])
        #expect(try rig.success() == "A=1\n")
    }

    @Test("a flood of log lines is cut off")
    func flood() throws {
        let rig = try rig("seq -f 'INFO: line %g' 20000 >&2; head -c 5000000 /dev/zero >&2; echo A=1")
        try rig.send("MONITOR", 5, OneMarketRig.message())
        #expect(try rig.success() == "A=1\n")
        #expect(rig.logs.count == 1001)
        #expect(rig.logs[999] == "LOG I 5 marketplace 5: line 1000")
        #expect(rig.logs[1000] == "LOG W 5 marketplace 5: MONITOR: too many log lines, the rest is dropped")
    }

    @Test("an action that prints without end is stopped")
    func megabytes() throws {
        let rig = try rig("exec cat /dev/zero")
        try rig.send("MONITOR", 5, OneMarketRig.message())
        #expect(try rig.answer() == "MONITOR FAILURE 5 market/http/monitor printed more than 64 MiB")
    }

    @Test("a catalog of megabytes arrives whole, although oned reads late")
    func catalog() throws {
        let rig = try rig("yes \"APP=\\\"$(printf 'NAME=\"a\"' | base64)\\\"\" | head -n 100000")
        try rig.send("MONITOR", 5, OneMarketRig.message())
        for id in 6...7 { try rig.send("MONITOR", id, OneMarketRig.message(market: "ghost")) }
        var answers = [try rig.answer(), try rig.answer(), try rig.answer()]
        let large = try #require(answers.firstIndex { $0.hasPrefix("MONITOR SUCCESS 5 ") })
        let payload = answers.remove(at: large).dropFirst("MONITOR SUCCESS 5 ".count)
        let lines = try #require(Base64.decode(payload.utf8)).split(separator: 0x0A)
        #expect(lines.count == 100_000)
        #expect(Set(lines) == [Array("APP=\"TkFNRT0iYSI=\"".utf8)[...]])
        #expect(
            answers == (6...7).map { "MONITOR FAILURE \($0) Marketplace driver 'ghost' not available" })
    }

    @Test(
        "an action that closes its streams early goes on",
        arguments: [
            "exec 0<&-; sleep 0.2; echo A=1", "echo A=1; exec 1>&-; sleep 0.2", "echo A=1; exec 1>&- 2>&-; sleep 0.2",
        ])
    func earlyClose(script: String) throws {
        let rig = try rig(script)
        try rig.send("MONITOR", 5, OneMarketRig.message(template: "<X>\(String(repeating: "x", count: 300_000))</X>"))
        #expect(try rig.success() == "A=1\n")
    }

    @Test(
        "a report that oned would choke on is a failure that names the line",
        arguments: [
            ("echo A=1; echo 'debug: here'", "line 2 is no attribute: 'debug: here'"),
            ("echo 'A=x]]>'", "line 1 has ']]' and then '>', which oned cannot store"),
            ("printf 'A=1\\nB=\\001\\n'", "line 2 holds a control character or a byte that is not UTF-8"),
            (
                "printf 'APP=\"%s\"\\n' \"$(printf 'NAME=\"]]>\"' | base64)\"",
                "in the app of line 1, line 1 has ']]' and then '>', which oned cannot store"
            ),
        ])
    func badReports(script: String, problem: String) throws {
        let rig = try rig(script)
        try rig.send("MONITOR", 5, OneMarketRig.message())
        #expect(
            try rig.answer()
                == "MONITOR FAILURE 5 market/http/monitor printed what oned cannot take: \(problem); correct that driver"
        )
    }

    @Test("an empty answer is a dash")
    func empty() throws {
        let rig = try rig("true")
        try rig.send("MONITOR", 5, OneMarketRig.message())
        #expect(try rig.answer() == "MONITOR SUCCESS 5 -")
    }

    @Test("neither secrets nor messages reach oned's log or the user")
    func secrets() throws {
        let script =
            """
            echo "INFO: got $1 with s3cr3t-value-of-key" >&2
            echo "curl --user AKIA:s3cr3t-value-of-key failed" >&2
            echo "$1" | base64 -d >&2
            echo >&2
            echo "ERROR: $1" >&2
            echo "$1" | fold -w 76 >&2
            exit 1

            """
        for (head, argument) in [("", ""), (Self.modern, "set -- \"$(cat)\"\n")] {
            let rig = try OneMarketRig(drivers: ["market/http/monitor": head + argument + script])
            let message = OneMarketRig.message(
                template: "<SECRET_ACCESS_KEY><![CDATA[s3cr3t-value-of-key]]></SECRET_ACCESS_KEY>")
            try rig.send("MONITOR", 5, message)
            let answer = try rig.answer()
            #expect(
                answer.hasPrefix("MONITOR FAILURE 5 curl --user AKIA:[redacted] failed [redacted] [redacted]"))
            #expect(
                rig.logs == [
                    "LOG I 5 marketplace 5: got [redacted] with [redacted]", "LOG E 5 marketplace 5: [redacted]",
                ])
            let base64 = String(decoding: Base64.encode(Array(message.utf8)), as: UTF8.self)
            for text in rig.logs + [answer] {
                #expect(!text.contains("s3cr3t") && !text.contains("<MARKETPLACE>"))
                #expect(!text.contains(base64.prefix(30)) && !text.contains(base64.dropFirst(152).prefix(30)))
            }
        }
    }
}
