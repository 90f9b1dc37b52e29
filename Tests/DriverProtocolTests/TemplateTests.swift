import DriverProtocol
import Posix
import TestSupport
import Testing

@Suite struct TemplateTests {
    private static let pieces = [
        "a", "text", " ", "\n", "\r", "\t", "\"", "\\", "\\\"", "]", "]]", ">", "]]>", "[", "#", "=", ",", "'",
        "A=\"b\"", "é",
        "你", "😀", "e\u{301}", "\u{0}", "\u{1}", "\u{7F}", "\u{85}", "\u{A0}", "\u{FFFE}", "\u{FFFD}", "<a>", "&amp;",
        "$(x)",
    ]

    /// The rule for what can be written, in its plainest form.
    private func representable(_ value: String) -> [Unicode.Scalar] {
        var result: [Unicode.Scalar] = []
        for scalar in value.unicodeScalars {
            let isControl = scalar.value < 0x20 && !["\t", "\n", "\r"].contains(scalar)
            if isControl || (0x7F..<0xA0).contains(scalar.value) || [0xFFFE, 0xFFFF].contains(scalar.value) {
                continue
            }
            if scalar == ">", result.suffix(2) == ["]", "]"] { result.append(" ") }
            result.append(scalar)
        }
        return result.last == "\\" ? result + [" "] : result
    }

    @Test func readsWhatItWrote() throws {
        var random = SeededGenerator.fresh()
        for _ in 0..<3_000 {
            let values = (0..<4).map { _ in random.text(of: Self.pieces, upTo: 8) }
            var template = Template()
            template.append("a", values[0])
            template.append("A", values[1])
            template.append("Vector_1", vector: [("k", values[2]), ("K", values[3])])
            template.append("LAST", "x")
            let attributes = try Template(parsing: template.text).attributes
            try #require(attributes.map(\.name) == ["A", "A", "VECTOR_1", "LAST"], "TEST_SEED=\(random.seed)")
            let read = attributes.flatMap { attribute in
                switch attribute.value {
                case .text(let text): [text]
                case .vector(let pairs): pairs.map(\.value)
                }
            }
            for (value, expected) in zip(read, values + ["x"]) {
                try #require(
                    Array(value.unicodeScalars) == representable(expected), "TEST_SEED=\(random.seed) \(expected)")
                #expect(Array(Template.representable(expected).unicodeScalars) == representable(expected))
            }
        }
    }

    @Test func isWrittenAsOnedReadsIt() {
        var template = Template()
        template.append("name", "a \"b\" \\ c\\")
        template.append("Disk", vector: [("name", "x]]>y"), ("APP", "")])
        template.append("EMPTY", vector: [])
        #expect(template.text == "NAME=\"a \\\"b\\\" \\ c\\ \"\nDISK=[NAME=\"x]] >y\",APP=\"\"]\nEMPTY=[]\n")
    }

    static let readable: [(text: String, name: String, value: String)] = [
        // Names in any case, blanks, comments, repetition: the first counts
        ("a=\"1\"", "A", "1"), ("  a \t=  \"1\" ", "a", "1"), ("# x\n#y=\"2\"\nA=\"1\"\nA=\"2\"", "A", "1"),
        ("B=\"x # y\"\r\nA=\"1\"\r\n", "A", "1"),
        // Unquoted
        ("A=1", "A", "1"), ("A = some words \nB=2", "A", "some words"), ("A=\nB=2", "A", ""),
        // Quoted: only \" is an escape
        ("A=\"\"", "A", ""), ("A=\"a\\\"b\"", "A", "a\"b"), ("A=\"\\\\\\n\"", "A", "\\\\\\n"),
        ("A=\"1\n2\"", "A", "1\n2"),
        // The longest match: a value that ends in a backslash goes on to the next quotation mark, if there is one
        ("A=\"x\\\"", "A", "x\\"), ("A=\"x\\\" y\"", "A", "x\" y"),
        // XML
        (" <TEMPLATE><A>1</A><B><C>2</C></B></TEMPLATE>", "A", "1"),
        ("<TEMPLATE><a><![CDATA[x>\"]]></a></TEMPLATE>", "A", "x>\""),
    ]

    @Test(arguments: readable) func reads(_ text: String, _ name: String, _ value: String) throws {
        #expect(try Template(parsing: text)[name] == value)
    }

    @Test(arguments: [
        "V=[A=\"1\",B=\"2\"]", "V = [ A = 1 , B = 2 ]", "V=[\n  a=\"1\", # one\n  b=\"2\" ]", "V=[A=1,\nB=2\n]",
        "<T><V><A>1</A><B>2</B></V></T>",
    ])
    func readsVectors(_ text: String) throws {
        let template = try Template(parsing: text)
        #expect(template.attributes.map(\.value) == [.vector([("A", "1"), ("B", "2")])])
        #expect(template["V"] == nil)
    }

    @Test(arguments: [
        ("A", 1, "= was expected after A"), ("A=\"1\"\n\nnoise", 3, "= was expected after noise"),
        ("A=\"1\n2", 1, "the value of A is not closed"), ("=1", 1, "name was expected"),
        ("A=1\n[x", 2, "name was expected"),
        ("A=\"x]]>y\"", 1, "]]> is not allowed"), ("A=x]]>y", 1, "]]> is not allowed"),
        ("A=1\nV=[K=\"1\" L=\"2\"]", 2, "vector V is not closed"),
        ("V=[K=\"1\"", 1, "vector V is not closed"), ("V=[=]", 1, "name was expected"),
        ("<T><A></T>", 1, "was found, and"),
        ("é=1", 1, "name was expected"),
    ])
    func refuses(_ text: String, _ line: Int, _ reason: String) throws {
        let error = try #require(throws: Template.SyntaxError.self) { _ = try Template(parsing: text) }
        #expect(error.line == line)
        #expect(error.description.contains(reason))
    }

    /// Eight times the work must not take much more than eight times as long (64 times, if it is quadratic).
    @Test func writesAndReadsInLinearTime() throws {
        let value = String(repeating: "é \"x\" \\ ]]> y\n", count: 16)
        func seconds(attributes count: Int) throws -> Double {
            var template = Template()
            for number in 0..<count { template.append("APP\(number)", value) }
            template.append("LONG", String(repeating: value, count: count))
            let start = Clock.now
            #expect(try Template(parsing: template.text).attributes.count == count + 1)
            return Clock.now - start
        }
        let small = try (0..<3).map { _ in try seconds(attributes: 100) }.min()!
        #expect(try seconds(attributes: 800) < 40 * small)
    }
}
