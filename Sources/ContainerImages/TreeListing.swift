import Glibc
import Posix

/// A file of a container's tree, as it is in the container.
struct TreeEntry {
    /// `./etc/passwd`; `.` is the top. Any bytes but NUL.
    let path: [UInt8]
    /// The path that the file has while an image is made; its own at first.
    var alias: [UInt8]
    /// With the file's kind.
    let mode: mode_t
    let owner: UInt32
    let group: UInt32
    /// Major and minor number, where it is a device.
    let device: (major: UInt32, minor: UInt32)
    let links: UInt64
    let inode: UInt64
    /// Bytes.
    let size: UInt64

    var kind: mode_t { mode & S_IFMT }
    var isDirectory: Bool { kind == S_IFDIR }
    var text: String { String(decoding: path, as: UTF8.self) }
    var name: ArraySlice<UInt8> { Self.name(path) }
    var aliasName: ArraySlice<UInt8> { Self.name(alias) }
    /// How many directories lie above it.
    var depth: Int { path.count { $0 == UInt8(ascii: "/") } }

    private static func name(_ path: [UInt8]) -> ArraySlice<UInt8> {
        path[(path.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? path.startIndex)...]
    }

    /// What stat(1) has printed: eight numbers, and the path.
    init?(_ line: ArraySlice<UInt8>) {
        let fields = line.split(separator: UInt8(ascii: " "), maxSplits: 8, omittingEmptySubsequences: false)
        guard fields.count == 9 else { return nil }
        let texts = fields.map { String(decoding: $0, as: UTF8.self) }
        guard let mode = mode_t(texts[0], radix: 16), let owner = UInt32(texts[1]), let group = UInt32(texts[2]),
            let major = UInt32(texts[3], radix: 16), let minor = UInt32(texts[4], radix: 16),
            let links = UInt64(texts[5]), let inode = UInt64(texts[6]), let size = UInt64(texts[7])
        else { return nil }
        path = Array(fields[8])
        alias = path
        self.mode = mode
        (self.owner, self.group, device) = (owner, group, (major, minor))
        (self.links, self.inode, self.size) = (links, inode, size)
    }
}

extension ContainerTree {
    private static let listScript = """
        cd "$1" && exec find . -exec stat --printf '%f %u %g %t %T %h %i %s %n\\0' -- {} + >"$2"
        """

    /// All of its files, each directory before what is in it, and nothing between.
    func entries() throws -> [TreeEntry] {
        let list = site.file("listing")
        let result = try site.fakeroot(["sh", "-c", Self.listScript, "sh", path, list], changes: false)
        let bytes = result.status.isSuccess ? try? FileDescriptor.open(list, O_RDONLY).readToEnd(limit: 1 << 30) : nil
        let lines = bytes?.split(separator: 0)
        let entries = lines?.compactMap { TreeEntry($0) } ?? []
        guard let lines, !lines.isEmpty, lines.count == entries.count else {
            throw site.failure("its files cannot be listed: \(result.reason)", remedy: "check the disk of STAGING_DIR")
        }
        return entries
    }
}
