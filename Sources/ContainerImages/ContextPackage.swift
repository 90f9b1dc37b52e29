import Checksums
import DriverProtocol
import Glibc
import Posix

/// A file that CONTEXT_PACKAGES of a marketplace names: a package, or an ISO with packages in it. It is written as
/// `/PATH/one-context.deb`, or `https://HOST/PATH/one-context.deb#sha256=HEX`.
struct ContextPackage: Sendable, Equatable {
    private static let attribute = "CONTEXT_PACKAGES"
    private static let mark = "#sha256="

    /// A path on this machine, or a URL.
    let location: Location
    /// In lower case; nil only for a path.
    let sha256: String?
    /// Nil for an ISO.
    let name: ContextPackageName?

    var isLocal: Bool { isAbsolute(location.text) }

    /// Returns the files that the attribute names; none if there is none. Throws a ``DriverError`` for one that is not
    /// written as it has to be.
    static func list(_ attributes: ContextAttributes) throws(DriverError) -> [ContextPackage] {
        var packages: [ContextPackage] = []
        for word in attributes.words(attribute) {
            func invalid(_ cause: String, _ remedy: String) -> DriverError {
                attributes.invalid(
                    attribute, "its package \(quoted(Location(word))) \(cause)", remedy: remedy)
            }
            let parts = word.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let digest = Digest.Algorithm.sha256.digest(word.dropFirst(parts[0].count + mark.count))
            guard parts.count == 1 || word.dropFirst(parts[0].count).hasPrefix(mark) && digest != nil else {
                throw invalid("has no SHA-256 behind its #", "write it as in \(mark)HEX, with 64 digits")
            }
            let isURL = WebURL(parts[0]) != nil
            guard isURL || isAbsolute(parts[0]) else {
                throw invalid("is no absolute path and no URL", "begin it with /, http:// or https://")
            }
            guard !isURL || digest != nil else {
                throw invalid("has no SHA-256", "write \(mark)HEX behind the URL")
            }
            let file = parts[0].split(separator: "/").last ?? ""
            let name = ContextPackageName(file)
            // An image in a datastore has a name without an ending.
            guard name != nil || file.hasSuffix(".iso") || !file.contains(".") && !file.isEmpty else {
                throw invalid("is no deb, rpm, apk or iso", "name a file that ends in .deb, .rpm, .apk or .iso")
            }
            packages.append(ContextPackage(location: Location(parts[0]), sha256: digest, name: name))
        }
        return packages
    }

    /// Everything of it on which an image depends.
    var fingerprint: String { location.text + (sha256.map { Self.mark + $0 } ?? version) }

    /// What tells whether a file that nobody gave a SHA-256 of has been replaced.
    private var version: String {
        guard isLocal, let status = try? FileStatus(path: location.text) else { return "" }
        return " \(status.size) \(status.modificationSeconds).\(status.modificationNanoseconds)"
    }

    /// Throws a ``DriverError`` if a path is not that of a regular file that can be read.
    static func checkFile(_ path: String) throws {
        do {
            // Before it is opened: a pipe would be waited for.
            let status = try FileStatus(path: path)
            guard status.isRegularFile else {
                throw DriverError(
                    "read", "the package \(quoted(path))", cause: "it is \(status.kind)",
                    remedy: "name a regular file")
            }
            _ = try FileDescriptor.open(path, O_RDONLY | O_NONBLOCK)
        } catch let error as SystemError {
            throw DriverError("read", "the package \(quoted(path))", error)
        }
    }
}
