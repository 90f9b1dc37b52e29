import CMD5

/// The MD5 of a stream, and of each of the parts that it is divided into, in one pass over the bytes: it costs little
/// more than one of them. Libraries have MD5 for one stream at a time.
///
/// MD5 is a checksum here, as S3 and the marketplace want it.
public struct PartedMD5 {
    /// What ``update(_:)`` takes multiples of.
    public static let blockSize = 64

    private typealias State = cmd5_pair
    /// Where in a word of the state the stream's is, and where the part's.
    private enum Lane {
        case stream, part
    }

    private var state = Self.fresh
    private var length: UInt64 = 0
    private var partLength: UInt64 = 0

    public init() {}

    /// The 16 bytes of the MD5 of bytes in memory.
    public static func of(_ bytes: [UInt8]) -> [UInt8] {
        bytes.withUnsafeBytes { bytes in
            let whole = bytes.count - bytes.count % blockSize
            var digest = PartedMD5()
            digest.update(UnsafeRawBufferPointer(rebasing: bytes[..<whole]))
            return digest.finish(UnsafeRawBufferPointer(rebasing: bytes[whole...]))
        }
    }

    /// Takes in bytes, a multiple of ``blockSize`` of them.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        precondition(bytes.count % Self.blockSize == 0)
        Self.update(&state, bytes)
        length += UInt64(bytes.count)
        partLength += UInt64(bytes.count)
    }

    /// Ends a part with less than a block, which is nothing for all but the last part, and begins the next one: the
    /// part's 16 bytes.
    public mutating func finishPart(_ rest: UnsafeRawBufferPointer) -> [UInt8] {
        let part = finished(rest, length: partLength, .part)
        let fresh = Self.fresh
        state.words.0.1 = fresh.words.0.1
        state.words.1.1 = fresh.words.1.1
        state.words.2.1 = fresh.words.2.1
        state.words.3.1 = fresh.words.3.1
        partLength = 0
        return part
    }

    /// The stream's 16 bytes, with less than a block behind what was taken in.
    public func finish(_ rest: UnsafeRawBufferPointer) -> [UInt8] {
        finished(rest, length: length, .stream)
    }

    /// RFC 1321, section 3.3.
    private static var fresh: State {
        State(
            words: (
                (0x6745_2301, 0x6745_2301), (0xefcd_ab89, 0xefcd_ab89), (0x98ba_dcfe, 0x98ba_dcfe),
                (0x1032_5476, 0x1032_5476)
            ))
    }

    private static func update(_ state: inout State, _ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress else { return }
        cmd5_update(&state, start.assumingMemoryBound(to: UInt8.self), bytes.count / blockSize)
    }

    /// RFC 1321, sections 3.1 and 3.2: a one, zeros up to 8 bytes before a block's end, and the length in bits.
    private func finished(_ rest: UnsafeRawBufferPointer, length: UInt64, _ lane: Lane) -> [UInt8] {
        precondition(rest.count < Self.blockSize)
        var tail = Array(rest) + [0x80]
        while tail.count % Self.blockSize != Self.blockSize - 8 { tail.append(0) }
        let bits = (length + UInt64(rest.count)) &* 8
        tail += (0..<8).map { UInt8(truncatingIfNeeded: bits >> ($0 * 8)) }
        var last = state
        tail.withUnsafeBytes { Self.update(&last, $0) }
        return [last.words.0, last.words.1, last.words.2, last.words.3].flatMap { pair in
            let word = lane == .stream ? pair.0 : pair.1
            return (0..<4).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) }
        }
    }
}
