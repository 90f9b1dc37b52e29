import Testing

@testable import OneMarket

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
