import Testing

@testable import OneMarket

@Suite struct DriverOutputTests {
    private func feed(_ output: inout DriverOutput, _ bytes: some Sequence<UInt8>) -> [DriverOutput.LogLine] {
        Array(bytes).withUnsafeBytes { output.append($0) }
    }

    @Test(
        "a line with a level is a log line",
        arguments: [
            ("INFO: text", DriverOutput.LogLine(level: .info, id: nil, text: "text")),
            ("WARN: 12 market/http/import: text", .init(level: .warning, id: 12, text: "market/http/import: text")),
            ("ERROR:text", .init(level: .error, id: nil, text: "text")),
            ("DEBUG:  7  a b ", .init(level: .debug, id: 7, text: "a b")),
            // a number that is part of a word is none, and one alone is the text
            ("INFO: 3MB done", .init(level: .info, id: nil, text: "3MB done")),
            ("INFO: 42", .init(level: .info, id: nil, text: "42")),
            ("INFO: 99999999999999999999 x", .init(level: .info, id: nil, text: "99999999999999999999 x")),
        ])
    func leveled(line: String, expected: DriverOutput.LogLine) {
        var output = DriverOutput()
        #expect(feed(&output, (line + "\n").utf8) == [expected])
        #expect(output.finish().isEmpty)
        #expect(output.reason.isEmpty)
        #expect(output.lastError == (expected.level == .error ? expected.text : nil))
    }

    @Test("all other lines are the reason, joined with spaces")
    func reason() {
        var output = DriverOutput()
        let text = "first\n\n  INFO: indented\ninfo: lower\nERROR: one\nINFORMATION: x\r\nERROR : y\nERROR: two\nlast"
        #expect(feed(&output, text.utf8).map(\.text) == ["one", "two"])
        #expect(output.finish().isEmpty)
        #expect(output.reason == "first INFO: indented info: lower INFORMATION: x ERROR : y last")
        #expect(output.lastError == "two")
    }

    @Test("lines are put together from pieces, and the last one may have no line feed")
    func pieces() {
        var output = DriverOutput()
        var lines: [DriverOutput.LogLine] = []
        for byte in "INFO: one\nbad\nWARN: two".utf8 { lines += feed(&output, [byte]) }
        #expect(lines.map(\.text) == ["one"])
        #expect(output.finish() == [.init(level: .warning, id: nil, text: "two")])
        #expect(output.reason == "bad")
    }

    @Test("what is kept of endless output is bounded")
    func bounded() {
        var output = DriverOutput()
        let words = String(repeating: "word ", count: 50_000)
        #expect(feed(&output, ("INFO: " + words + "ERROR: no line of its own\n").utf8).count == 1)
        #expect(output.lastError == nil)
        for _ in 0..<10 { _ = feed(&output, (words + "\n").utf8) }
        #expect(output.reason.hasPrefix("word word"))
        #expect(output.reason.utf8.count <= DriverOutput.limit)
        // What is cut off is cut between words.
        #expect(output.reason.split(separator: " ").allSatisfy { $0 == "word" })
    }

    @Test("bytes that are no text do not stop it")
    func bytes() {
        var output = DriverOutput()
        #expect(
            feed(&output, Array("INFO: a".utf8) + [0xFF, 0x00] + Array("b\n".utf8)).map(\.text) == ["a\u{FFFD}\0b"])
        _ = feed(&output, [0xC3, 0x0A])
        #expect(output.reason == "\u{FFFD}")
    }

    @Test("log lines beyond the allowance are announced once and dropped, until an hour has passed")
    func allowance() {
        var allowance = LogAllowance()
        let first = (0..<LogAllowance.limit).map { _ in allowance.take(at: 10) }
        #expect(first.allSatisfy { $0 == .pass })
        #expect(allowance.take(at: 20) == .announceEnd)
        #expect(allowance.take(at: 30) == .drop)
        #expect(allowance.take(at: 3609) == .drop)
        #expect(allowance.take(at: 3610) == .pass)
    }
}
