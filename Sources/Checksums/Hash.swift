import Bytes
import COpenSSL

/// Digests that S3's requests carry, over bytes in memory: EVP_Digest(3) and HMAC(3) of libcrypto.
package enum Hash {
    package static func sha256(_ bytes: UnsafeRawBufferPointer) -> [UInt8] { digest(bytes, EVP_sha256()) }
    package static func sha256(_ text: String) -> [UInt8] { withBytes(of: text, sha256) }

    package static func hmacSHA256(key: [UInt8], _ text: String) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var length: UInt32 = 0
        withBytes(of: text) { bytes in
            _ = HMAC(
                EVP_sha256(), key, Int32(key.count), bytes.baseAddress?.assumingMemoryBound(to: UInt8.self),
                bytes.count, &result, &length)
        }
        return Array(result[..<Int(length)])
    }

    private static func digest(_ bytes: UnsafeRawBufferPointer, _ type: OpaquePointer?) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var length: UInt32 = 0
        let isDone = EVP_Digest(bytes.baseAddress, bytes.count, &result, &length, type, nil) == 1
        precondition(isDone, "libcrypto refuses SHA-256")
        return Array(result[..<Int(length)])
    }
}
