import DriverProtocol
import Posix
import Testing

@Suite struct CommandWordsTests {
    @Test(
        "a command is divided as a shell divides it",
        arguments: [
            ("", []),
            ("  ", []),
            ("rm -f /tmp/x", ["rm", "-f", "/tmp/x"]),
            (" rm\t-f\n/tmp/x ", ["rm", "-f", "/tmp/x"]),
            // quotation marks
            ("rm '/tmp/a b' \"/tmp/c d\"", ["rm", "/tmp/a b", "/tmp/c d"]),
            ("a'b c'\"d e\"f", ["ab cd ef"]),
            ("x '' \"\" y", ["x", "", "", "y"]),
            ("'a\"b' \"c'd\"", ["a\"b", "c'd"]),
            ("'open to the end", ["open to the end"]),
            // backslashes
            ("a\\ b \\'c \\\\", ["a b", "'c", "\\"]),
            (#""a\"b\\c\$d\e""#, [#"a"b\c$d\e"#]),
            (#"'a\b'"#, [#"a\b"#]),
            ("end\\", ["end\\"]),
            // nothing is expanded
            ("echo $HOME `id` $(id) *; rm", ["echo", "$HOME", "`id`", "$(id)", "*;", "rm"]),
            ("ünï cödé\u{A0}x", ["ünï", "cödé\u{A0}x"]),
        ])
    func divided(command: String, expected: [String]) {
        #expect(Command.words(of: command) == expected)
    }
}
