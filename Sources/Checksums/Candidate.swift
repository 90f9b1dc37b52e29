import CChecksums

/// One way of CChecksums to compute digests. ``Race`` finds the fastest.
struct Candidate: Sendable {
    /// All candidates of this architecture, whether or not this processor has the instructions.
    static let all: [Candidate] = sequence(state: 0) { number in
        defer { number += 1 }
        return Candidate(number)
    }.map { $0 }
    /// One stream, in instructions that every processor has: for what is too short to time anything.
    static let plain = Candidate(0)!

    let name: String
    /// The number of streams whose MD5 it computes: the first one, or both.
    let streams: Int
    /// Whether it computes the SHA-256 of the second stream.
    let hasSHA256: Bool
    private let isSupported: @convention(c) () -> Int32
    private let take: @convention(c) (UnsafeMutablePointer<checksums>?, UnsafePointer<UInt8>?, Int) -> Void

    /// The candidate of that number, or nil behind the last.
    private init?(_ number: Int) {
        guard let candidate = checksums_candidate(number)?.pointee else { return nil }
        name = String(cString: candidate.name)
        streams = Int(candidate.streams)
        hasSHA256 = candidate.with_sha256 != 0
        isSupported = candidate.runs_here
        take = candidate.update
    }

    /// Whether this processor has the instructions.
    var runsHere: Bool { isSupported() != 0 }

    /// Takes in whole blocks. Must only be called if ``runsHere``.
    func update(_ state: inout checksums, _ bytes: UnsafeRawBufferPointer) {
        precondition(bytes.count % PartedChecksums.blockSize == 0)
        guard let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
        take(&state, start, bytes.count / PartedChecksums.blockSize)
    }
}
