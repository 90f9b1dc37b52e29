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

@Suite struct AnswerQueueTests {
    /// Writes everything in pieces of at most `most` bytes, as a slow pipe would take them.
    private func drain(_ queue: inout AnswerQueue, most: Int) -> [String] {
        var pieces: [String] = []
        while !queue.isEmpty {
            let piece = queue.nextPiece().prefix(most)
            pieces.append(String(decoding: piece, as: UTF8.self))
            queue.remove(piece.count)
        }
        return pieces
    }

    @Test("short lines share a write, and one that stands alone does not")
    func sharing() {
        var queue = AnswerQueue()
        for line in ["a\n", "b\n"] { queue.append(Array(line.utf8)) }
        queue.append(Answer.initialized, alone: true)
        for line in ["c\n", "d\n"] { queue.append(Array(line.utf8)) }
        #expect(drain(&queue, most: 10_000) == ["a\nb\n", "INIT SUCCESS - -\n", "c\nd\n"])
        #expect(queue.nextPiece().isEmpty)
    }

    @Test("no piece is longer than a pipe is bound to take, and nothing is lost or doubled", arguments: [1, 7, 4096])
    func pieces(most: Int) {
        var queue = AnswerQueue()
        let lines = (0..<100).map { String(repeating: "x", count: $0 * 37 % 9000) + "\($0)\n" }
        for line in lines + [String(repeating: "y", count: 9999) + "\n"] { queue.append(Array(line.utf8)) }
        let pieces = drain(&queue, most: most)
        #expect(pieces.allSatisfy { $0.utf8.count <= AnswerQueue.pieceSize })
        #expect(pieces.joined() == lines.joined() + String(repeating: "y", count: 9999) + "\n")
    }
}
