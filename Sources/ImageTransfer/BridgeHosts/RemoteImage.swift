import Bytes
import Checksums
import DriverProtocol
import Posix

/// An image on a bridge host, without its data.
package struct RemoteImage: Sendable {
    /// As it stands in `ssh://HOST:PATH`.
    package let host: String
    /// Bytes.
    package let size: UInt64
    /// The image's first bytes.
    package let head: [UInt8]
    /// Nil if it was not asked for.
    package let md5: String?
}

extension BridgeHosts {
    /// Describes the image at `path`, which must lie in `directory` once links are resolved. If `md5` is set, the host
    /// reads all of it.
    package func inspect(_ path: String, in directory: String, md5: Bool) throws -> RemoteImage {
        guard isAbsolute(path) else {
            throw readError(path, cause: "it is no absolute path", remedy: "correct the image's SOURCE")
        }
        do {
            let shell = try run(RemoteScript.inspect, [directory, path, md5 ? "md5" : ""])
            let words = try shell.answer("image")
            let digest = md5 ? words.last.flatMap(Digest.Algorithm.md5.digest) : nil
            guard words.count == 3, let size = UInt64(words[0]), size <= Int64.max, !md5 || digest != nil else {
                throw RemoteFailure(
                    host: shell.host, reason: "stat, od and md5sum answered \(quoted(words.joined(separator: " ")))")
            }
            return RemoteImage(
                host: shell.location, size: size, head: Self.bytes(ofHexadecimal: words[1]), md5: digest)
        } catch let failure as RemoteFailure {
            throw failure.error("read", "the image \(quoted(path))")
        }
    }

    static func bytes(ofHexadecimal text: String) -> [UInt8] {
        let digits = text.utf8.compactMap(hexadecimalValue)
        return stride(from: 0, to: digits.count - digits.count % 2, by: 2).map {
            digits[$0] << 4 | digits[$0 + 1]
        }
    }
}
