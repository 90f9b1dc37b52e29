import Testing

@testable import DriverProtocol

/// Reading variables from files that were written for a shell.
@Suite struct VariableFileTests {
    /// A text, what it sets, and the lines that are passed over.
    private static let files: [(text: String, set: [String], passedOver: [Int])] = [
        // as OpenNebula comes with it
        ("# Debug\nONE_MAD_DEBUG=\n\n# Nice\nPRIORITY=19\n", ["ONE_MAD_DEBUG=", "PRIORITY=19"], []),
        // quotation, comments, blanks, several statements
        ("A='b c' # d\nB=\"e # f\"\nC=g#h\n", ["A=b c", "B=e # f", "C=g#h"], []),
        ("A=a'b'\"c\"\\ d\nB='$x`y`'\nC=\"\\$x \\\"q\\\" \\n\"\n", ["A=ab" + "c d", "B=$x`y`", "C=$x \"q\" \\n"], []),
        ("  A=1; B=2;export C=3\tD=4\n", ["A=1", "B=2", "C=3", "D=4"], []),
        ("http_proxy=http://u:p@h:1/; export http_proxy", ["http_proxy=http://u:p@h:1/"], []),
        ("A=1\r\nB=2\r\n", ["A=1", "B=2"], []), ("\u{FEFF}A=1", ["A=1"], []),
        ("A=a\\\nb\nB=\"c\\\nd\"", ["A=ab", "B=cd"], []),
        ("A='two\nlines'\nB=x", ["A=two\nlines", "B=x"], []), ("A=$\nB=a$ \nC=\"5$\"", ["A=$", "B=a$", "C=5$"], []),
        ("A=1\nA=2", ["A=1", "A=2"], []), ("A==b=", ["A==b="], []), ("A=ä", ["A=ä"], []),
        // values that cannot be taken literally
        ("A=$HOME\nB=1", ["B=1"], [1]), ("A=\"x ${B}\"", [], [1]), ("A=`id`", [], [1]), ("A=\"`id`\"", [], [1]),
        ("A=$(id; B=2\nC=3)\nD=4", ["D=4"], [1]), ("A=~/x\nB=/a:~/b\nC='~'\nD=a~b", ["C=~", "D=a~b"], [1, 2]),
        ("A=$'x'", [], [1]), ("export A=1 B=$C D=2", ["A=1", "D=2"], [1]), ("PATH=$PATH:/x", [], [1]),
        // commands
        ("A=1 id\nB=2", ["B=2"], [1]), ("A=1 && B=2\nC=3", ["C=3"], [1]), ("A=1 & B=2", [], [1]),
        ("A=1 > /tmp/x", [], [1]),
        (". /etc/other\nulimit -c 0\nA=1", ["A=1"], [1, 2]), ("export -n A\nunset B", [], [1, 2]),
        ("A+=1\n1A=1\nA[0]=1\n'A'=1\nA-B=1\n=1", [], [1, 2, 3, 4, 5, 6]),
        // commands that may or may not run
        ("if [ -n \"$X\" ]; then\n A=1\nelse B=2\nfi\nC=3", ["C=3"], [1]),
        ("for a in 1; do if x; then A=1; fi; done; B=2", ["B=2"], [1]),
        ("case x in\n x) A=1 ;;\nesac\nB=2", ["B=2"], [1]),
        ("f() {\n A=1\n}\nB=2", ["B=2"], [1]), ("{ A=1; }\nB=2", ["B=2"], [1]), ("fi\nA=1", ["A=1"], [1]),
        // not closed
        ("A=1\nB='x\nC=3\n", ["A=1"], [2]), ("B=\"x\nC=3", [], [1]), ("B=`x\nC=3", [], [1]), ("A=1\\", ["A=1"], []),
    ]

    @Test(arguments: files) func isWhatTheShellWouldSet(text: String, set: [String], passedOver: [Int]) {
        let file = VariableFile(parsing: Array(text.utf8))
        #expect(file.variables.map { "\($0.name)=\($0.value)" } == set)
        #expect(file.passedOver == passedOver)
    }

    @Test func aValueThatNoEnvironmentHoldsIsPassedOver() {
        #expect(VariableFile(parsing: Array("A=a\0b\nB=1".utf8)).passedOver == [1])
        #expect(VariableFile(parsing: Array("A=".utf8) + [0xFF, 0x0A]).passedOver == [1])
    }
}
