import CChecksums

/// The MD5 of one stream, whose bytes come in pieces of any length.
public struct MD5Stream {
    /// Whether this processor computes it faster here than libcrypto does: with AVX-512, by a fifth.
    public static var isFast: Bool { checksums_md5_is_fast() != 0 }

    private var checksums = PartedChecksums()
    /// Less than a block that waits for more.
    private var rest: [UInt8] = []

    public init() {}

    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        var bytes = bytes
        if !rest.isEmpty {
            let missing = min(PartedChecksums.blockSize - rest.count, bytes.count)
            rest += bytes[..<missing]
            bytes = UnsafeRawBufferPointer(rebasing: bytes[missing...])
            guard rest.count == PartedChecksums.blockSize else { return }
            rest.withUnsafeBytes { checksums.update($0) }
        }
        let whole = bytes.count - bytes.count % PartedChecksums.blockSize
        checksums.update(UnsafeRawBufferPointer(rebasing: bytes[..<whole]))
        rest = Array(bytes[whole...])
    }

    /// The 16 bytes.
    public func finish() -> [UInt8] { rest.withUnsafeBytes { checksums.finish($0) } }
}
