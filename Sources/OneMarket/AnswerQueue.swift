/// Lines on their way to oned, in order. Any number of them waits here while oned does not read.
struct AnswerQueue {
    /// The bytes that certainly fit into a pipe that poll(2) calls writable: PIPE_BUF. A longer write could block.
    static let pieceSize = 4096

    private struct Line {
        let bytes: [UInt8]
        /// Whether it must not share a write with another line.
        let isAlone: Bool
    }

    private var lines: [Line] = []
    private var first = 0
    /// The bytes of the first line that have been written.
    private var written = 0

    var isEmpty: Bool { first == lines.count }

    /// Queues a line. If `alone`, it is written in a call of its own.
    mutating func append(_ line: [UInt8], alone: Bool = false) {
        lines.append(Line(bytes: line, isAlone: alone))
    }

    /// Returns the bytes to write next: at most ``pieceSize``, and as many lines as fit.
    func nextPiece() -> [UInt8] {
        guard !isEmpty else { return [] }
        var piece = Array(lines[first].bytes[written...].prefix(Self.pieceSize))
        guard !lines[first].isAlone else { return piece }
        for line in lines[(first + 1)...] {
            guard !line.isAlone, piece.count + line.bytes.count <= Self.pieceSize else { break }
            piece += line.bytes
        }
        return piece
    }

    /// Removes bytes that have been written.
    mutating func remove(_ count: Int) {
        var rest = count
        while rest > 0 {
            let left = lines[first].bytes.count - written
            guard rest >= left else {
                written += rest
                return
            }
            rest -= left
            written = 0
            lines[first] = Line(bytes: [], isAlone: false)
            first += 1
        }
        if isEmpty || first > 4096 {
            lines.removeSubrange(..<first)
            first = 0
        }
    }

    mutating func removeAll() {
        self = AnswerQueue()
    }
}
