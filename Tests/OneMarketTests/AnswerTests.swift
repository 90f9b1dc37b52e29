import DriverProtocol
import Testing

@testable import OneMarket

@Suite struct AnswerTests {
    private func text(_ line: [UInt8]) -> String { String(decoding: line, as: UTF8.self) }

    @Test("answers have the form that oned reads")
    func forms() {
        let market = ObjectName(kind: "marketplace", id: 100, name: "m")
        let app = ObjectName(kind: "app", id: 7, name: "a")
        #expect(
            text(Answer.failure(.importApp, 7, of: app, "it is down")) == "IMPORT FAILURE 7 app 7 \"a\": it is down\n")
        #expect(text(Answer.failure(.delete, 7, of: app, "")) == "DELETE FAILURE 7 app 7 \"a\": -\n")
        #expect(text(Answer.initialized) == "INIT SUCCESS - -\n")
        #expect(text(Answer.success(.importApp, 3, output: Array("ABC".utf8))) == "IMPORT SUCCESS 3 QUJD\n")
        #expect(text(Answer.success(.delete, 3, output: [])) == "DELETE SUCCESS 3 -\n")
        #expect(text(Answer.failure(.monitor, 100, of: market, "it is down")) == "MONITOR FAILURE 100 it is down\n")
        #expect(text(Answer.failure(.monitor, 100, of: market, "")) == "MONITOR FAILURE 100 -\n")
        #expect(
            Log.Level.allCases.map { text(Answer.log($0, 5, "x")) } == [
                "LOG E 5 x\n", "LOG W 5 x\n", "LOG I 5 x\n", "LOG D 5 x\n",
            ])
        #expect(text(Answer.log(.info, nil, "x")) == "LOG I -1 x\n")
    }

    @Test("text that oned cannot store is made safe")
    func safe() {
        let line = text(
            Answer.failure(
                .importApp, 1, of: ObjectName(kind: "app", id: 1),
                "a ]]> b\u{1B}[0m\nc\u{0}" + String(repeating: "x", count: 5000)))
        #expect(line.hasPrefix("IMPORT FAILURE 1 app 1: a ]] > b\\u{1b}[0m\\nc\\u{0}xxx"))
        #expect(line.unicodeScalars.count < 1050)
        #expect(!line.dropLast().contains("\n"))
    }
}
