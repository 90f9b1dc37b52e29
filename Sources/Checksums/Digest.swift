import COpenSSL
import DriverProtocol

/// A message digest over bytes as they pass: EVP_DigestUpdate of libcrypto, or our own MD5 where that is faster.
public final class Digest: @unchecked Sendable {
    public enum Algorithm: String, Sendable, CaseIterable {
        case md5 = "MD5"
        case sha1 = "SHA1"
        case sha256 = "SHA256"

        /// The length of a digest in hexadecimal digits.
        var digits: Int {
            switch self {
            case .md5: 32
            case .sha1: 40
            case .sha256: 64
            }
        }
    }

    private static let zeros = [UInt8](repeating: 0, count: 1 << 20)

    public let algorithm: Algorithm
    private let context: OpaquePointer
    private var stream: MD5Stream?

    public init(_ algorithm: Algorithm) throws(DriverError) {
        self.algorithm = algorithm
        guard let context = EVP_MD_CTX_new() else { throw Self.unavailable(algorithm) }
        self.context = context
        // A checksum is no signature: MD5 stays allowed where the system is in FIPS mode.
        EVP_MD_CTX_set_flags(context, EVP_MD_CTX_FLAG_NON_FIPS_ALLOW)
        let type =
            switch algorithm {
            case .md5: EVP_md5()
            case .sha1: EVP_sha1()
            case .sha256: EVP_sha256()
            }
        guard EVP_DigestInit_ex(context, type, nil) == 1 else { throw Self.unavailable(algorithm) }
        if algorithm == .md5, MD5Stream.isFast { stream = MD5Stream() }
    }

    deinit {
        EVP_MD_CTX_free(context)
    }

    private static func unavailable(_ algorithm: Algorithm) -> DriverError {
        DriverError(
            "compute", "the \(algorithm.rawValue) checksum", cause: "libcrypto refuses the algorithm",
            remedy: "allow it in the configuration of OpenSSL")
    }

    public func update(_ bytes: UnsafeRawBufferPointer) {
        if stream == nil {
            EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
        } else {
            stream?.update(bytes)
        }
    }

    /// `count` bytes of zeros: what a hole reads as.
    public func updateZeros(_ count: UInt64) {
        var rest = count
        Self.zeros.withUnsafeBytes { zeros in
            while rest > 0 {
                let length = Int(min(rest, UInt64(zeros.count)))
                update(UnsafeRawBufferPointer(rebasing: zeros[..<length]))
                rest -= UInt64(length)
            }
        }
    }

    /// The digest in lower-case hexadecimal digits. Nothing may be added afterwards.
    public func finish() -> String {
        if let stream { return hexadecimal(stream.finish()) }
        var bytes = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var length: UInt32 = 0
        EVP_DigestFinal_ex(context, &bytes, &length)
        return hexadecimal(bytes[..<Int(length)])
    }

    /// The digest of a short text.
    public static func of(_ text: String, _ algorithm: Algorithm) throws(DriverError) -> String {
        let digest = try Digest(algorithm)
        var text = text
        text.withUTF8 { digest.update(UnsafeRawBufferPointer($0)) }
        return digest.finish()
    }
}
