import Testing

@testable import OneMarket

@Suite struct RequestLineTests {
    @Test(
        "a line that oned writes is understood",
        arguments: [
            // as oned writes them: the status is empty
            ("INIT", RequestLine.initialize),
            ("FINALIZE", .finalize),
            ("IMPORT  12 QUJD", .action(.importApp, id: 12, payload: Array("QUJD".utf8))),
            ("DELETE  0 QUJD", .action(.delete, id: 0, payload: Array("QUJD".utf8))),
            ("MONITOR  100 QUJD=", .action(.monitor, id: 100, payload: Array("QUJD=".utf8))),
            ("DRIVER_CANCEL 7", .cancel(id: 7)),
            ("DRIVER_CANCEL  7 -", .cancel(id: 7)),
            // other white space
            ("INIT \r", .initialize),
            ("  MONITOR\t1\tQUJD \r", .action(.monitor, id: 1, payload: Array("QUJD".utf8))),
            // a payload that is no base64 is found out later, when it can be answered
            ("IMPORT  12", .action(.importApp, id: 12, payload: [])),
            ("IMPORT  12 a b", .action(.importApp, id: 12, payload: Array("a b".utf8))),
        ])
    func understood(line: String, expected: RequestLine) {
        #expect(RequestLine(Array(line.utf8)) == expected)
    }

    @Test(
        "a line that means nothing is passed over",
        arguments: [
            "", "   ", "INITIALIZE", "import  1 QUJD", "CP  1 QUJD", "LOG I 1 text", "IMPORT", "IMPORT  x QUJD",
            "IMPORT  -1 QUJD", "IMPORT  1x QUJD", "IMPORT  99999999999999999999 QUJD", "DRIVER_CANCEL",
            "DRIVER_CANCEL x", "\0\u{1}\u{7F}", "IMPORT\u{A0}1 QUJD",
        ])
    func passedOver(line: String) {
        #expect(RequestLine(Array(line.utf8)) == nil)
    }

    @Test("bytes that are no text are passed over")
    func bytes() {
        #expect(RequestLine([0xFF, 0xFE, 0x20, 0x31]) == nil)
        #expect(RequestLine(Array("IMPORT  1 ".utf8) + [0xFF]) == .action(.importApp, id: 1, payload: [0xFF]))
    }
}

@Suite struct LineBufferTests {
    private func lines(_ chunks: [String], limit: Int = 1000) -> [LineBuffer.Line] {
        var buffer = LineBuffer(limit: limit)
        var lines: [LineBuffer.Line] = []
        for chunk in chunks {
            buffer.append(chunk.utf8)
            while let line = buffer.next() { lines.append(line) }
        }
        return lines
    }

    private func whole(_ text: String) -> LineBuffer.Line { .whole(Array(text.utf8)) }

    @Test("lines come out whole, however they came in")
    func pieces() {
        let expected = [whole("INIT"), whole(""), whole("IMPORT  1 QUJD")]
        let text = "INIT\n\nIMPORT  1 QUJD\nrest"
        #expect(lines([text]) == expected)
        #expect(lines(text.map(String.init)) == expected)
        #expect(lines(["INIT", "\n\nIMP", "ORT  1 QUJD", "\nre", "st"]) == expected)
    }

    @Test("of a line that is too long only the head comes out, once, and the next line is read")
    func tooLong() {
        let head = LineBuffer.Line.tooLong(head: Array(String(repeating: "a", count: 64).utf8))
        let long = String(repeating: "a", count: 101)
        #expect(lines([long + "\nINIT\n"], limit: 100) == [head, whole("INIT")])
        #expect(lines((long + "\nINIT\n").map(String.init), limit: 100) == [head, whole("INIT")])
        #expect(lines([String(repeating: "a", count: 100) + "\n"], limit: 100) == [whole(String(long.dropLast()))])
    }

    @Test("many lines and long ones go through")
    func many() {
        let line = String(repeating: "x", count: 3000)
        let all = lines(Array(repeating: line + "\n", count: 2000), limit: 4000)
        #expect(all.count == 2000)
        #expect(all.allSatisfy { $0 == whole(line) })
    }
}
