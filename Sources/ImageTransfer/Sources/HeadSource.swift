/// A source whose first bytes have been read in advance.
final class HeadSource: ImageSource {
    private static let headSize = 512

    let head: [UInt8]
    private let source: any ImageSource
    private var pending: [Segment]

    init(_ source: any ImageSource) throws {
        self.source = source
        var head = [UInt8](repeating: 0, count: Self.headSize)
        var count = 0
        var after: Segment?
        while count < Self.headSize, after == nil {
            let segment = try head.withUnsafeMutableBytes { bytes in
                try source.next(into: UnsafeMutableRawBufferPointer(rebasing: bytes[count...]))
            }
            if case .data(let more) = segment { count += more } else { after = segment }
        }
        self.head = Array(head[..<count])
        pending = (count > 0 ? [.data(count)] : []) + (after.map { [$0] } ?? [])
    }

    var name: String { source.name }
    var length: UInt64? { source.length }
    var storageSize: UInt64? { source.storageSize }
    var isPatched: Bool { source.isPatched }

    func next(into buffer: UnsafeMutableRawBufferPointer) throws -> Segment {
        guard let segment = pending.first else { return try source.next(into: buffer) }
        if segment != .end { pending.removeFirst() }
        if case .data = segment { buffer.copyBytes(from: head) }
        return segment
    }

    func lend() throws -> LentBytes? { pending.isEmpty ? try source.lend() : nil }
}
