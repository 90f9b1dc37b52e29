import CChecksums

/// The MD5 of a stream, the MD5 of each of the parts that it is divided into, and the SHA-256 of each part, in one pass
/// over the bytes: it costs little more than one MD5. Libraries have one digest of one stream at a time.
///
/// MD5 is a checksum here, as S3 and the marketplace want it.
package struct PartedChecksums {
    /// The digests of a part.
    package struct Part: Sendable, Equatable {
        /// 16 bytes.
        package let md5: [UInt8]
        /// 32 bytes; nil if it was not asked for, or if a library computes it faster by itself.
        package let sha256: [UInt8]?
    }

    /// The bytes of a block: ``update(_:)`` takes multiples of it.
    package static let blockSize = 64

    private typealias State = checksums
    private var state = Self.fresh
    private var length: UInt64 = 0
    private var partLength: UInt64 = 0
    private let candidate: Candidate

    /// Uses the fastest candidate of this processor.
    ///
    /// - Parameter withSHA256: whether parts are to have one, if that is faster than a library's.
    package init(withSHA256: Bool) {
        self.init(withSHA256 ? Race.signedParts : Race.parts)
    }

    /// - Parameter candidate: for an MD5 alone, one with a single stream: the parts' are wrong then.
    init(_ candidate: Candidate) {
        self.candidate = candidate
    }

    /// Returns the 16 bytes of the MD5 of bytes in memory.
    package static func md5(of bytes: [UInt8]) -> [UInt8] {
        bytes.withUnsafeBytes { bytes in
            let whole = bytes.count - bytes.count % blockSize
            var checksums = PartedChecksums(.plain)
            checksums.update(UnsafeRawBufferPointer(rebasing: bytes[..<whole]))
            return checksums.finish(UnsafeRawBufferPointer(rebasing: bytes[whole...]))
        }
    }

    /// Takes in bytes; their number is a multiple of ``blockSize``.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        candidate.update(&state, bytes)
        length += UInt64(bytes.count)
        partLength += UInt64(bytes.count)
    }

    /// Ends a part with less than a block, which is empty for all but the last part, and begins the next one.
    package mutating func finishPart(_ rest: UnsafeRawBufferPointer) -> Part {
        let part = Part(
            md5: Self.md5(finished(rest, length: partLength, \.littleEndian), \.1),
            sha256: candidate.hasSHA256 ? Self.sha256(finished(rest, length: partLength, \.bigEndian)) : nil)
        let fresh = Self.fresh
        state.md5.0.1 = fresh.md5.0.1
        state.md5.1.1 = fresh.md5.1.1
        state.md5.2.1 = fresh.md5.2.1
        state.md5.3.1 = fresh.md5.3.1
        state.sha256 = fresh.sha256
        partLength = 0
        return part
    }

    /// Returns the 16 bytes of the stream's MD5; `rest` is less than a block, after what was taken in.
    package func finish(_ rest: UnsafeRawBufferPointer) -> [UInt8] {
        Self.md5(finished(rest, length: length, \.littleEndian), \.0)
    }

    /// RFC 1321, section 3.3, and FIPS 180-4, section 5.3.3.
    private static var fresh: State {
        State(
            md5: (
                (0x6745_2301, 0x6745_2301), (0xefcd_ab89, 0xefcd_ab89), (0x98ba_dcfe, 0x98ba_dcfe),
                (0x1032_5476, 0x1032_5476)
            ),
            sha256: (
                0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19
            ))
    }

    /// Returns the state after the last block: RFC 1321, sections 3.1 and 3.2, and FIPS 180-4, section 5.1.1: a one,
    /// zeros up to 8 bytes before a block's end, and the length in bits. The two differ only in the byte order of that.
    private func finished(_ rest: UnsafeRawBufferPointer, length: UInt64, _ inOrder: (UInt64) -> UInt64) -> State {
        precondition(rest.count < Self.blockSize)
        var tail = Array(rest) + [0x80]
        while tail.count % Self.blockSize != Self.blockSize - 8 { tail.append(0) }
        tail += Self.bytes(of: inOrder((length + UInt64(rest.count)) &* 8))
        var last = state
        tail.withUnsafeBytes { candidate.update(&last, $0) }
        return last
    }

    /// Returns the digest of one of the two streams.
    private static func md5(_ state: State, _ stream: ((UInt32, UInt32)) -> UInt32) -> [UInt8] {
        let words = state.md5
        return [words.0, words.1, words.2, words.3].flatMap { bytes(of: stream($0).littleEndian) }
    }

    private static func sha256(_ state: State) -> [UInt8] {
        let h = state.sha256
        return [h.0, h.1, h.2, h.3, h.4, h.5, h.6, h.7].flatMap { bytes(of: $0.bigEndian) }
    }

    /// Returns a number's bytes as they lie in memory.
    private static func bytes(of number: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: number) { Array($0) }
    }
}
