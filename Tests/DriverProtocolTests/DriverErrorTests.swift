import DriverProtocol
import Glibc
import Posix
import TestSupport
import Testing

@Suite struct DriverErrorTests {
    private static let pieces = [
        "a", "word ", "]", "]]", ">", "]]>", ">>", "\n", "\r", "\t", "\u{0}", "\u{1B}[0m", "\u{7F}", "\u{85}", "\u{9F}",
        "\u{2028}",
        "\u{2029}", "\u{FFFE}", "\u{FFFF}", "é", "你", "😀", "\\", "\"",
    ]

    @Test func isAlwaysOneSafeLine() {
        var random = SeededGenerator.fresh()
        for _ in 0..<SeededGenerator.rounds(2_000) {
            let parts = (0..<4).map { _ in random.text(of: Self.pieces, upTo: random.once(in: 3) ? 900 : 8) }
            let line = DriverError(parts[0], parts[1], cause: parts[2], remedy: parts[3]).description
            #expect(faultOfLine(line) == nil, "TEST_SEED=\(random.seed)")
            let limit = 1 + random.below(40)
            let cut = oneLine(parts[2], limit: limit)
            #expect(cut.unicodeScalars.count <= limit, "TEST_SEED=\(random.seed)")
            #expect(cut.isEmpty || faultOfLine(cut) == nil, "TEST_SEED=\(random.seed)")
        }
    }

    @Test(arguments: [
        ("plain", "plain"), ("a\nb\r\tc", "a\\nb\\r c"), ("x]]>y", "x]] >y"), ("]]]>", "]]] >"), ("]>", "]>"),
        ("\u{1B}", "\\u{1b}"),
        ("\u{85}\u{2028}\u{FFFE}", "\\u{85}\\u{2028}\\u{fffe}"), ("é 你 😀", "é 你 😀"), ("", ""),
    ])
    func makesOneLine(_ text: String, _ line: String) {
        #expect(oneLine(text) == line)
    }

    @Test(arguments: [(4, "abcd"), (3, "ab…"), (1, "…")]) func cutsWithAnEllipsis(_ limit: Int, _ line: String) {
        #expect(oneLine("abcd", limit: limit) == line)
    }

    @Test func breaksUpWhatItsPartsMake() {
        let error = DriverError("read]", "]>", cause: "it ends in ]]", remedy: "> go")
        #expect(error.description == "Cannot read] ]>: it ends in ]]; > go")
        let joined = DriverError("use", "]]", cause: ">", remedy: "do")
        #expect(faultOfLine(joined.description) == nil)
    }

    @Test func keepsTheRemedyOfALongCause() {
        let error = DriverError("copy", "'/a'", cause: String(repeating: "é", count: 5_000), remedy: "free some space")
        #expect(error.description.unicodeScalars.count == 1_000)
        #expect(error.description.hasPrefix("Cannot copy '/a': éé"))
        #expect(error.description.hasSuffix("é…; free some space"))
    }

    @Test(arguments: [
        (ENOENT, "No such file or directory; check that it exists"), (EACCES, "(oneadmin)"),
        (ENOSPC, "free some space there"),
        (EROFS, "for writing"), (EPERM, "(oneadmin)"), (EIO, "faults of the disk"), (EBUSY, "check it"),
    ])
    func tellsWhatToDoAboutASystemError(_ code: Int32, _ ending: String) {
        let error = DriverError("write", "'/a'", SystemError("write", "/a", code: code))
        #expect(error.description.hasPrefix("Cannot write '/a': \(String(cString: strerror(code)))"))
        #expect(error.description.contains(ending))
    }

    @Test func takesAnotherRemedy() {
        #expect(DriverError("a", "b", SystemError("c", "d", code: EIO), remedy: "do this").remedy == "do this")
    }
}
