import Checksums
import ContainerImages
import DriverProtocol

/// The digests that a user, and the app that an image comes from, state for it.
package enum ImageDigests {
    private static let md5 = Input.optional("IMAGE/TEMPLATE/MD5", "Expected MD5 of the source file.")
    private static let sha1 = Input.optional("IMAGE/TEMPLATE/SHA1", "Expected SHA-1 of the source file.")
    private static let sha256 = Input.optional("IMAGE/TEMPLATE/SHA256", "Expected SHA-256 of the source file.")
    private static let appMD5 = Input.optional(
        "IMAGE/TEMPLATE/FROM_APP_MD5", "MD5 of the app that the image comes from. Ignored for `lxd://`.")
    package static let inputs = [md5, sha1, sha256, appMD5]

    /// Returns the digests of the message's image at `location`. Those of a container's app are not of the image: its
    /// source verifies what it is built from. Throws a ``DriverError`` if one is no digest, or two contradict each other.
    package static func expected(_ message: Message, at location: Location) throws(DriverError) -> ExpectedDigests {
        guard !location.text.hasPrefix(ContainerImage.scheme) else { return ExpectedDigests() }
        let own = try ExpectedDigests(message, md5: md5, sha1: sha1, sha256: sha256)
        return try own.union(
            ExpectedDigests(message, md5: appMD5), of: "the image \(quoted(location))")
    }
}
