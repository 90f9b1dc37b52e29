import Bytes
import COpenSSL
import DriverProtocol

/// A message digest over bytes as they pass: libcrypto's, or our own MD5 if that is faster.
package final class Digest: @unchecked Sendable {
    /// From the weakest to the strongest.
    package enum Algorithm: String, Sendable, CaseIterable {
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

        /// Returns the digest that `text` states, in lower case, or nil if it is none of this algorithm.
        package func digest(_ text: some StringProtocol) -> String? { digest(text.utf8) }

        /// Returns the digest that UTF-8 states, in lower case, or nil if it is none of this algorithm.
        package func digest(_ text: some Collection<UInt8>) -> String? {
            isHexadecimal(text, digits: digits) ? String(decoding: text.map(lowercased), as: UTF8.self) : nil
        }
    }

    private static let zeros = [UInt8](repeating: 0, count: 1 << 20)

    package let algorithm: Algorithm
    private let stream: any DigestStream

    /// Begins a digest of an image. The first MD5 of a process takes the time to find out which way to compute it is
    /// fastest.
    package convenience init(_ algorithm: Algorithm) throws(DriverError) {
        try self.init(algorithm, algorithm == .md5 ? MD5Stream.fastest() : nil)
    }

    /// - Parameter stream: nil for libcrypto's.
    private init(_ algorithm: Algorithm, _ stream: (any DigestStream)?) throws(DriverError) {
        let type =
            switch algorithm {
            case .md5: EVP_md5()
            case .sha1: EVP_sha1()
            case .sha256: EVP_sha256()
            }
        guard let stream = stream ?? LibcryptoDigest(type) else {
            throw DriverError(
                "compute", "the \(algorithm.rawValue) checksum", cause: "libcrypto refuses the algorithm",
                remedy: "allow it in the configuration of OpenSSL")
        }
        self.algorithm = algorithm
        self.stream = stream
    }

    package func update(_ bytes: UnsafeRawBufferPointer) {
        stream.update(bytes)
    }

    /// Takes in `count` bytes of zeros, as a hole reads.
    package func updateZeros(_ count: UInt64) {
        var rest = count
        Self.zeros.withUnsafeBytes { zeros in
            while rest > 0 {
                let length = Int(min(rest, UInt64(zeros.count)))
                update(UnsafeRawBufferPointer(rebasing: zeros[..<length]))
                rest -= UInt64(length)
            }
        }
    }

    /// Returns the digest in lower-case hexadecimal digits. Nothing may be added afterwards.
    package func finish() -> String {
        hexadecimal(stream.finish())
    }

    /// Returns the digest of a short text.
    package static func of(_ text: String, _ algorithm: Algorithm) throws(DriverError) -> String {
        let digest = try Digest(algorithm, nil)
        var text = text
        text.withUTF8 { digest.update(UnsafeRawBufferPointer($0)) }
        return digest.finish()
    }
}
