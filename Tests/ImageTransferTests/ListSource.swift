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
    private var parts: [Part]
    private let piece: Int

    init(_ parts: [Part], piece: Int = .max) {
        self.parts = parts.reversed()
        self.piece = piece
    }

    func next(into buffer: UnsafeMutableRawBufferPointer) throws -> Segment {
        switch parts.popLast() {
        case nil: return .end
        case .hole(let count): return .hole(count)
        case .data(let bytes):
            let count = min(bytes.count, buffer.count, piece)
            buffer.copyBytes(from: bytes[..<count])
            if count < bytes.count { parts.append(.data(Array(bytes[count...]))) }
            return .data(count)
        }
    }
}
