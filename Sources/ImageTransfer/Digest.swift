import COpenSSL
import Checksums
import DriverProtocol
import Posix

/// A message digest over bytes as they pass: libcrypto's, or our own MD5 where that is faster.
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
    private let stream: any DigestStream

    /// Begins a digest of an image: the first MD5 of a process takes the time to find out how it is computed fastest.
    public convenience init(_ algorithm: Algorithm) throws(DriverError) {
        try self.init(algorithm, algorithm == .md5 ? MD5Stream.fastest() : nil)
    }

    /// - Parameter stream: libcrypto's where it is nil.
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

    public func update(_ bytes: UnsafeRawBufferPointer) {
        stream.update(bytes)
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
        hexadecimal(stream.finish())
    }

    /// The digest of all that comes from `source`.
    public func finish(reading source: any ImageSource, log: Log) throws -> String {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.zeros.count, alignment: 4096)
        defer { buffer.deallocate() }
        let progress = Progress("reading \(quoted(source.name))", total: source.length, log: log)
        while true {
            try Interrupt.check()
            switch try source.next(into: buffer) {
            case .data(let count):
                update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                progress.advance(UInt64(count))
            case .hole(let count):
                // Zeros are digested at the speed of data: in steps, so that a signal and the log are heeded.
                for start in stride(from: 0, to: count, by: Self.zeros.count) {
                    try Interrupt.check()
                    let step = min(count - start, UInt64(Self.zeros.count))
                    updateZeros(step)
                    progress.advance(step)
                }
            case .end:
                return finish()
            }
        }
    }

    /// The digest of a short text.
    public static func of(_ text: String, _ algorithm: Algorithm) throws(DriverError) -> String {
        let digest = try Digest(algorithm, nil)
        var text = text
        text.withUTF8 { digest.update(UnsafeRawBufferPointer($0)) }
        return digest.finish()
    }
}

/// What a file's digests have to be.
public struct ExpectedDigests: Sendable, Equatable {
    public private(set) var values: [Digest.Algorithm: String] = [:]

    public init() {}

    /// A SHA-256 in lower case.
    public init(sha256: String) {
        values[.sha256] = sha256
    }

    /// The digests at these paths of a message; a missing or empty element expects nothing. A value that is no digest
    /// of its algorithm is an error that names the element.
    public init(_ message: Message, md5: String? = nil, sha256: String? = nil) throws(DriverError) {
        for (algorithm, path) in [(Digest.Algorithm.md5, md5), (.sha256, sha256)] {
            guard let path, let value = message.value(path) else { continue }
            let digest = value.lowercased()
            guard digest.utf8.count == algorithm.digits, digest.allSatisfy({ $0.isHexDigit && $0.isASCII }) else {
                throw message.invalid(
                    path, "is no \(algorithm.rawValue) checksum", remedy: "give \(algorithm.digits) hexadecimal digits")
            }
            values[algorithm] = digest
        }
    }

    /// The same with this MD5 where none was expected.
    func filled(md5: String?) -> ExpectedDigests {
        var filled = self
        filled.values[.md5] = values[.md5] ?? md5?.lowercased()
        return filled
    }

    /// Throws where `found` differs: `object` does not hold the bytes that were meant.
    public func check(_ found: [Digest.Algorithm: String], of object: String) throws(DriverError) {
        for (algorithm, expected) in values {
            guard let value = found[algorithm], value != expected else { continue }
            throw DriverError(
                "verify", object, cause: "its \(algorithm.rawValue) is \(value) where \(expected) was expected",
                remedy: "check the source for damage and try again")
        }
    }
}
