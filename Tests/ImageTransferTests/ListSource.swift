@testable import ImageTransfer

/// A source out of a list of segments, its data handed out in pieces of at most `piece` bytes.
final class ListSource: ImageSource {
    enum Part {
        case data([UInt8])
        case hole(UInt64)
    }

    let name = "list"
    var length: UInt64? { nil }
    var storageSize: UInt64? { nil }
    /// The next one last.
    private var parts: [Part]
    /// How much of the next one's data has been handed out.
    private var taken = 0
    private let piece: Int

    init(_ parts: [Part], piece: Int = .max) {
        self.parts = parts.reversed()
        self.piece = piece
    }

    func next(into buffer: UnsafeMutableRawBufferPointer) throws -> Segment {
        switch parts.last {
        case nil: return .end
        case .hole(let count):
            parts.removeLast()
            return .hole(count)
        case .data(let bytes):
            let count = min(bytes.count - taken, buffer.count, piece)
            buffer.copyBytes(from: bytes[taken..<taken + count])
            taken += count
            if taken == bytes.count {
                parts.removeLast()
                taken = 0
            }
            return .data(count)
        }
    }
}
