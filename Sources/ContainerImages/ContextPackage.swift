import Bytes
import DriverProtocol
import Posix

/// A package of OpenNebula's contextualization that CONTEXT_PACKAGES of a marketplace names: `/PATH/one-context.deb`,
/// or `https://HOST/PATH/one-context.deb#sha256=HEX`.
package struct ContextPackage: Sendable, Equatable {
    private static let path = "MARKETPLACE/TEMPLATE/CONTEXT_PACKAGES"
    private static let mark = "#sha256="

    /// A path on this machine, or a URL.
    let location: Location
    /// In lower case; nil only for a path.
    let sha256: String?
    let kind: PackedArchive

    var isLocal: Bool { isAbsolute(location.text) }
    /// The file's name.
    var name: Substring { location.text.split(separator: "/").last ?? "" }

    /// Returns the packages that a message names; none if it has no such attribute. Throws a ``DriverError`` for one
    /// that is not written as it has to be.
    package static func list(_ message: Message) throws(DriverError) -> [ContextPackage] {
        var packages: [ContextPackage] = []
        for word in message.words(path) {
            func invalid(_ cause: String, _ remedy: String) -> DriverError {
                DriverError("use", path, cause: "its package \(quoted(Location(word))) \(cause)", remedy: remedy)
            }
            let parts = word.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let digest = parts.count > 1 ? String(parts[1].dropFirst(mark.count - 1)).lowercased() : nil
            if let digest {
                guard word.dropFirst(parts[0].count).hasPrefix(mark), isHexadecimal(digest.utf8, digits: 64)
                else { throw invalid("has no SHA-256 behind its #", "write it as in \(mark)HEX, with 64 digits") }
            }
            let isURL = WebURL(parts[0]) != nil
            guard isURL || isAbsolute(parts[0]) else {
                throw invalid("is no absolute path and no URL", "begin it with /, http:// or https://")
            }
            guard !isURL || digest != nil else {
                throw invalid("has no SHA-256", "write \(mark)HEX behind the URL")
            }
            guard let kind = kind(of: parts[0]) else {
                throw invalid("is no deb, rpm or apk", "name a file that ends in .deb, .rpm or .apk")
            }
            packages.append(ContextPackage(location: Location(parts[0]), sha256: digest, kind: kind))
        }
        return packages
    }

    private static func kind(of location: String) -> PackedArchive? {
        [PackedArchive.deb, .rpm, .apk].first { location.hasSuffix("." + $0.rawValue) }
    }

    /// Everything of it on which an image depends.
    package var fingerprint: String { location.text + (sha256.map { Self.mark + $0 } ?? "") }
}
