import COpenSSL

/// The MD5 of one stream.
package final class MD5Stream: DigestStream {
    private var checksums: PartedChecksums
    /// Less than a block, waiting for more.
    private var rest: [UInt8] = []

    init(_ candidate: Candidate) {
        checksums = PartedChecksums(candidate)
    }

    /// Returns an MD5 computed in the way that is fastest on this processor, which may be libcrypto's.
    package static func fastest() -> any DigestStream {
        if let candidate = Race.md5 { return MD5Stream(candidate) }
        return LibcryptoDigest(EVP_md5()) ?? MD5Stream(.plain)
    }

    package func update(_ bytes: UnsafeRawBufferPointer) {
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

    package func finish() -> [UInt8] { rest.withUnsafeBytes { checksums.finish($0) } }
}
