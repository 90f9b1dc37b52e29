import Checksums
import ContainerImages
import DriverProtocol

/// The digests that a user, and the app that an image comes from, state for it.
package enum ImageDigests {
    private static let md5 = Input.optional("IMAGE/TEMPLATE/MD5", "The MD5 that the bytes of its source must have.")
    private static let sha1 = Input.optional("IMAGE/TEMPLATE/SHA1", "The SHA-1 that they must have.")
    private static let sha256 = Input.optional("IMAGE/TEMPLATE/SHA256", "The SHA-256 that they must have.")
    private static let appMD5 = Input.optional(
        "IMAGE/TEMPLATE/FROM_APP_MD5", "The MD5 of the app that it comes from; not heeded for `lxd://`.")
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
