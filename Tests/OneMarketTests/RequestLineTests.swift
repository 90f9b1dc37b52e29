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
