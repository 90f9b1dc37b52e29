import DriverProtocol
import Glibc
import Posix

/// An xfs file system made of a tree, by mkfs.xfs(8) with a prototype file, and xfs_db(8) for the rest.
struct XFSFileSystem {
    private static let package = "xfsprogs"
    private static let blockSize: UInt64 = 4096
    /// MB: the smallest log that mkfs.xfs makes.
    private static let log: UInt64 = 64
    private static let remedy = "set FILESYSTEM to ext4"

    let site: BuildSite
    let tree: ContainerTree

    /// Makes the image. Returns its path.
    func make(_ attributes: [ExtendedAttribute]) throws -> String {
        let entries: [TreeEntry]
        let prototype: XFSPrototype
        let listed = try tree.entries()
        let targets = try tree.linkTargets()
        do throws(XFSPrototype.Fault) {
            entries = try XFSAlias.apply(to: listed)
            prototype = try XFSPrototype(entries) { content($0, target: targets[$0.path]) }
        } catch {
            throw site.failure(error.reason, remedy: Self.remedy)
        }
        let largest = entries.reduce(0) { max($0, $1.kind == S_IFREG ? $1.size : 0) }
        let needed = Self.neededSize(entries, largest: largest)
        guard needed <= site.image.size else { throw site.tooSmall(needed) }
        let copies = entries.count { $0.kind == S_IFREG && $0.links > 1 }
        if copies > 0 { site.log.warning("\(copies) files with hard links are copies of their own in an xfs image") }
        let path = try site.makeImage("image.raw")
        try makeFileSystem(path, prototype, largest: largest, needed: needed)
        let database = XFSDatabase(site: site, path: path)
        guard try database.firstIncomplete(entries) == nil else { throw tooFull(needed) }
        try database.setModes(entries.filter { $0.mode & 0o7000 != 0 })
        try database.setAttributes(spread(attributes, over: entries))
        try database.setTargets(
            entries.compactMap { entry in
                targets[entry.path].flatMap { XFSAlias.isWord($0) ? nil : (entry.alias, $0) }
            })
        try database.rename(entries.filter { $0.aliasName != $0.name })
        try check(path)
        return path
    }

    private func makeFileSystem(
        _ path: String, _ prototype: XFSPrototype, largest: UInt64, needed: UInt64
    ) throws {
        let file = try site.write(prototype.text, to: "prototype")
        // A file must fit into one allocation group: a quarter of the file system, or else half of it.
        let groups = largest >> 20 > site.image.size / 8 ? ["-d", "agcount=2"] : []
        // mkfs.xfs divides words at blanks: the tree's files are named relative to the tree.
        let command =
            ["env", "--chdir=\(tree.path)", "mkfs.xfs", "-q", "-f", "-b", "size=\(Self.blockSize)"] + groups
            + ["-p", file, path]
        let result = try site.run(site.namespace?.command(command) ?? command, package: Self.package)
        guard result.status.isSuccess else {
            if result.errors.contains("No space left") { throw tooFull(needed) }
            throw site.failure("mkfs.xfs has failed: \(result.reason)", remedy: Self.remedy)
        }
    }

    /// The error of a file system that has less room than was estimated.
    private func tooFull(_ needed: UInt64) -> DriverError {
        let size = site.image.size
        return site.tooSmall(max(needed, size + size / 8 + 8))
    }

    /// Returns a link's `target`, or the path of a regular file's content, relative to the tree.
    private func content(_ entry: TreeEntry, target: [UInt8]?) -> [UInt8] {
        if entry.kind == S_IFLNK { return XFSAlias.target(for: target ?? []) }
        guard entry.alias != entry.path else { return entry.path }
        let link = "content-\(entry.inode)"
        let target = Array((tree.path + "/").utf8) + entry.path + [0]
        // Another name of the same file may have made it already.
        _ = target.withUnsafeBytes { symlink($0.baseAddress!.assumingMemoryBound(to: CChar.self), site.file(link)) }
        return Array("../\(link)".utf8)
    }

    /// Returns the attributes with the aliases of their files. A file's copies have its attributes, too.
    private func spread(
        _ attributes: [ExtendedAttribute], over entries: [TreeEntry]
    ) -> [(path: [UInt8], attribute: ExtendedAttribute)] {
        let files = Dictionary(entries.map { ($0.path, $0) }) { $1 }
        let copies = Dictionary(grouping: entries.lazy.filter { $0.links > 1 && !$0.isDirectory }, by: \.inode)
        return attributes.flatMap { attribute in
            let path = Array("./".utf8) + attribute.path
            let file = files[attribute.path.isEmpty ? Array(".".utf8) : path]
            let names = file.map { copies[$0.inode]?.map(\.alias) ?? [$0.alias] } ?? [path]
            return names.map { ($0, attribute) }
        }
    }

    private func check(_ path: String) throws {
        let result = try site.run(["xfs_repair", "-n", "-f", path], package: Self.package)
        guard result.status.isSuccess else {
            throw site.failure("xfs_repair finds faults in it: \(result.reason)", remedy: Self.remedy)
        }
    }

    /// Returns the number of blocks that so many bytes take.
    static func blocks(_ size: UInt64) -> UInt64 { size / blockSize + (size % blockSize == 0 ? 0 : 1) }

    /// Returns the size in MB of an xfs file system for these files: their blocks, inodes, directories, and the log.
    /// The largest of them must be in one piece.
    static func neededSize(_ entries: [TreeEntry], largest: UInt64) -> UInt64 {
        let contents = entries.reduce(UInt64(0)) { sum, entry in
            let isStored = [S_IFREG, S_IFLNK, S_IFDIR].contains(entry.kind)
            return sum.addingClamped(isStored ? blocks(entry.size) : 0)
        }
        let content = contents.multipliedClamped(by: blockSize) >> 20 + UInt64(entries.count) / 1024 + 1
        return max(
            ContainerImage.FileSystem.xfs.sizes.lowerBound, content + log + content / 16 + 16, 2 * (largest >> 20) + log
        )
    }
}
