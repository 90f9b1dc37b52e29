import Testing

@testable import OneMarket

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
