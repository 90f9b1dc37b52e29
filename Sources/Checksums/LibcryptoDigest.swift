import COpenSSL

/// A digest of bytes that come in pieces of any length.
package protocol DigestStream: AnyObject {
    func update(_ bytes: UnsafeRawBufferPointer)
    /// Returns the digest's bytes. Nothing may be added afterwards.
    func finish() -> [UInt8]
}

/// A digest that libcrypto computes over bytes as they pass: EVP_DigestUpdate(3).
package final class LibcryptoDigest: DigestStream {
    private let context: OpaquePointer

    /// Begins a digest of a type that EVP_md5(3) or its like has returned. Returns nil if libcrypto refuses it.
    package init?(_ type: OpaquePointer?) {
        guard let context = EVP_MD_CTX_new() else { return nil }
        self.context = context
        // A checksum is no signature: MD5 stays allowed on a system in FIPS mode.
        EVP_MD_CTX_set_flags(context, EVP_MD_CTX_FLAG_NON_FIPS_ALLOW)
        guard EVP_DigestInit_ex(context, type, nil) == 1 else { return nil }
    }

    deinit {
        EVP_MD_CTX_free(context)
    }

    package func update(_ bytes: UnsafeRawBufferPointer) {
        EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
    }

    package func finish() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var length: UInt32 = 0
        EVP_DigestFinal_ex(context, &bytes, &length)
        return Array(bytes[..<Int(length)])
    }
}
