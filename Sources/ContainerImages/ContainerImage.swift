import Bytes
import DriverProtocol

/// The image that `lxd://URL?size=MB&filesystem=ext4&format=raw` describes: its size, and a file system with the root
/// file system at that URL. The stock drivers write the same. `&context=no` behind it is ours.
package struct ContainerImage: Equatable, Sendable {
    package enum FileSystem: String, Sendable, CaseIterable {
        case ext4, xfs

        /// MB: from the least that mkfs.xfs(8) accepts, or that a container fits into with mke2fs(8), to 64 TB.
        package var sizes: ClosedRange<UInt64> { (self == .xfs ? 300 : 16)...(64 << 20) }
    }

    package enum Format: String, Sendable, CaseIterable {
        case raw, qcow2
    }

    /// The beginning of such a location.
    package static let scheme = "lxd://"

    /// The archive's URL: `https://images.linuxcontainers.org/images/…/rootfs.tar.xz`.
    package let url: WebURL
    /// MB.
    package let size: UInt64
    package let fileSystem: FileSystem
    package let format: Format
    /// Whether it gets packages for OpenNebula: CONTEXT of the marketplace that lists it, for whoever brings it in
    /// without that marketplace.
    package let isContextualized: Bool

    package init(url: WebURL, size: UInt64, fileSystem: FileSystem, format: Format, isContextualized: Bool = true) {
        self.url = url
        self.size = size
        self.fileSystem = fileSystem
        self.format = format
        self.isContextualized = isContextualized
    }

    /// The app's SOURCE.
    package var source: String {
        "\(Self.scheme)\(url.text)?size=\(size)&filesystem=\(fileSystem.rawValue)&format=\(format.rawValue)"
            + (isContextualized ? "" : "&context=no")
    }

    /// Reads a SOURCE. Throws a ``DriverError`` for an unknown option, a bad value, or characters that no URL has.
    package init(source: String) throws(DriverError) {
        func problem(_ cause: String) -> DriverError {
            DriverError(
                "read", "the image \(quoted(Location(source)))", cause: cause,
                remedy: "write it as in lxd://https://HOST/PATH/rootfs.tar.xz?size=2048&filesystem=ext4&format=raw")
        }
        guard source.hasPrefix(Self.scheme) else { throw problem("it does not begin with lxd://") }
        let parts = source.dropFirst(Self.scheme.count).split(separator: "?", maxSplits: 1)
        guard let url = parts.first.flatMap({ WebURL(String($0)) }),
            url.text.utf8.allSatisfy({ isVisible($0) && !"\"'\\`$;|<>(){}&#^".utf8.contains($0) }),
            !url.text.split(separator: "/").contains("..")
        else { throw problem("its URL is none of an image") }
        var size: UInt64 = 2048
        var fileSystem = FileSystem.ext4
        var format = Format.raw
        var isContextualized = true
        for option in parts.count > 1 ? parts[1].split(separator: "&") : [] {
            let pair = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            switch (pair[0], pair.count > 1 ? pair[1] : "") {
            case ("size", let text):
                guard let number = UInt64(text) else { throw problem("its size is no number") }
                size = number
            case ("filesystem", let text):
                guard let known = FileSystem(rawValue: text) else { throw problem("its file system is not known") }
                fileSystem = known
            case ("format", let text):
                guard let known = Format(rawValue: text) else { throw problem("its format is not known") }
                format = known
            case ("context", let text):
                guard let flag = Message.flag(text) else { throw problem("its context is neither yes nor no") }
                isContextualized = flag
            default: throw problem("it has an option that is not known")
            }
        }
        let sizes = fileSystem.sizes
        guard sizes.contains(size) else {
            throw problem(
                "its size is out of range: \(fileSystem.rawValue) takes \(sizes.lowerBound) to \(sizes.upperBound) MB")
        }
        self.init(
            url: url, size: size, fileSystem: fileSystem, format: format, isContextualized: isContextualized)
    }
}
