import DriverProtocol
import Testing

@testable import OneMarket

@Suite struct OutputCheckTests {
    private static let whole = "SOURCE=\"s\"\nMD5=\"m\"\nSIZE=\"4\"\nFORMAT=\"raw\"\n"

    @Test(
        "an import's answer has to have what oned stores",
        arguments: [
            (whole, nil),
            ("source = s\nMD5=m\nSIZE=4\nFORMAT=raw", nil),
            ("<TEMPLATE><SOURCE>s</SOURCE><MD5>m</MD5><SIZE>4</SIZE><FORMAT>raw</FORMAT></TEMPLATE>", nil),
            ("", "SOURCE, MD5, FORMAT, SIZE are missing"),
            ("SOURCE=\"s\"\nMD5=\"\"\nSIZE=\"4\"\nFORMAT=\"raw\"\n", "MD5 is missing"),
            ("SOURCE=\"s\"\nMD5=\"m\"\nSIZE=\"4.5\"\nFORMAT=\"raw\"\n", "SIZE='4.5' is not a whole number of MB"),
            ("SOURCE=\"s\"\nMD5=\"m\"\nSIZE=\"-4\"\nFORMAT=\"raw\"\n", "SIZE='-4' is not a whole number of MB"),
            ("debug\n" + whole, "= was expected after debug, in line 1"),
            (whole + "X=a]]>b", "line 5 has ']]' and then '>', which oned cannot store"),
            (whole + "X=\u{1B}", "line 5 holds a control character or a byte that is not UTF-8"),
        ])
    func imports(output: String, problem: String?) {
        #expect(OutputCheck.problem(inImport: Array(output.utf8)) == problem)
    }

    private static func app(_ text: String) -> String {
        "APP=\"" + String(decoding: Base64.encode(Array(text.utf8)), as: UTF8.self) + "\"\n"
    }

    @Test(
        "a report has to be attributes alone",
        arguments: [
            ("", nil),
            ("USED_MB=1\nFREE_MB=2\nTOTAL_MB=3\n", nil),
            ("# comment\n\n  A = b c\nV=[K=\"]\",L=2]\nW=\"two\nlines \\\" of\"\n", nil),
            (app("NAME=\"a\"\n") + app("NAME=\"b\"\n"), nil),
            ("APP=not base64\nAPP=\"\"", nil),
            ("USED_MB=1\ndebug: hello\n", "line 2 is no attribute: 'debug: hello'"),
            ("W=\"two\nlines\"\nA=1\nTraceback x=1\n", "line 4 is no attribute: 'Traceback x=1'"),
            ("A=1\n404\nNot Found\n", "line 2 is no attribute: '404'"),
            ("A=\"x\" y\n", "line 1 is no attribute: 'y'"),
            ("A=1\nW=\"open\nB=2\n", "the value of W in line 2 is not closed"),
            ("V=[K=\"a\",\n", "the value of V in line 1 is not closed"),
            ("A=1\nB=]]>\n", "line 2 has ']]' and then '>', which oned cannot store"),
            ("A=1\nB=\u{0}\n", "line 2 holds a control character or a byte that is not UTF-8"),
            // an app is a template of its own, and oned crashes on this one
            (
                "A=1\n" + app("NAME=\"a\"\nX=\"]]>\"\n"),
                "in the app of line 2, line 2 has ']]' and then '>', which oned cannot store"
            ),
        ])
    func reports(output: String, problem: String?) {
        #expect(OutputCheck.problem(inReport: Array(output.utf8)) == problem)
    }

    @Test("bytes that are no UTF-8 are found")
    func bytes() {
        #expect(OutputCheck.problem(inReport: Array("A=1\nB=".utf8) + [0xFF]) != nil)
        #expect(OutputCheck.problem(inText: [0xC3, 0xA9]) == nil)
    }
}
