import Glibc
import Posix

/// A file of a container's tree, with its status in the container.
struct TreeEntry {
    /// `./etc/passwd`; `.` is the top. Any bytes but NUL.
    let path: [UInt8]
    /// The path that the file has while an image is made; at first its own.
    var alias: [UInt8]
    /// With the file's kind.
    var mode: mode_t
    let owner: UInt32
    let group: UInt32
    /// Major and minor number of a device.
    var device: (major: UInt32, minor: UInt32)
    let links: UInt64
    let inode: UInt64
    /// Bytes.
    let size: UInt64
    /// The time of the last change of its contents: seconds since the epoch, which may be before it.
    let time: Int64

    var kind: mode_t { mode & S_IFMT }
    var isDirectory: Bool { kind == S_IFDIR }
    var text: String { String(decoding: path, as: UTF8.self) }
    var name: ArraySlice<UInt8> { Self.name(path) }
    var aliasName: ArraySlice<UInt8> { Self.name(alias) }
    /// The number of directories above it.
    var depth: Int { path.count { $0 == UInt8(ascii: "/") } }

    private static func name(_ path: [UInt8]) -> ArraySlice<UInt8> {
        path[(path.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? path.startIndex)...]
    }

    /// Reads a line of stat(1): nine numbers, and the path.
    init?(_ line: ArraySlice<UInt8>) {
        let fields = line.split(separator: UInt8(ascii: " "), maxSplits: 9, omittingEmptySubsequences: false)
        guard fields.count == 10 else { return nil }
        let texts = fields.map { String(decoding: $0, as: UTF8.self) }
        guard let mode = mode_t(texts[0], radix: 16), let owner = UInt32(texts[1]), let group = UInt32(texts[2]),
            let major = UInt32(texts[3], radix: 16), let minor = UInt32(texts[4], radix: 16),
            let links = UInt64(texts[5]), let inode = UInt64(texts[6]), let size = UInt64(texts[7]),
            let time = Int64(texts[8])
        else { return nil }
        path = Array(fields[9])
        alias = path
        self.mode = mode
        (self.owner, self.group, device) = (owner, group, (major, minor))
        (self.links, self.inode, self.size, self.time) = (links, inode, size, time)
    }
}
