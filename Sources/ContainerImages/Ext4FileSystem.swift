import DriverProtocol
import Posix

/// An ext4 file system made of a tree, by mke2fs(8) and debugfs(8).
struct Ext4FileSystem {
    let site: BuildSite
    let tree: ContainerTree

    /// Makes the image, and answers its path.
    func make(_ attributes: [TarScanner.ExtendedAttribute]) throws -> String {
        let counts = try tree.count()
        // What has no room in a file's inode takes a block of its own.
        let blocks = UInt64(Set(attributes.map(\.path)).count)
        let kibibytes = counts.kibibytes.addingClamped(4 * blocks)
        let needed = Self.neededSize(kibibytes: kibibytes, files: counts.files)
        guard needed <= site.image.size else { throw site.tooSmall(needed) }
        let path = try site.makeImage("image.raw")
        try makeFileSystem(path, files: counts.files, needed: needed)
        try setAttributes(attributes, in: path)
        return path
    }

    private func makeFileSystem(_ path: String, files: UInt64, needed: UInt64) throws {
        let size = site.image.size
        var options = ["-q", "-F", "-t", "ext4", "-d", tree.path]
        if let inodes = Self.inodes(files: files, size: size) { options += ["-N", String(inodes)] }
        let result = try site.fakeroot(["mke2fs"] + options + ["--", path], changes: false, package: "e2fsprogs")
        guard result.status.isSuccess else {
            let isFull = ["Could not allocate", "No space left", "no free space"].contains {
                result.errors.contains($0)
            }
            if isFull { throw site.tooSmall(max(needed, size + size / 8 + 8)) }
            throw site.failure("mke2fs has failed: \(result.reason)", remedy: "run it by hand to see more")
        }
    }

    /// Writes extended attributes into the finished image. fakeroot loses the kind of a file that gets one.
    private func setAttributes(_ attributes: [TarScanner.ExtendedAttribute], in path: String) throws {
        guard !attributes.isEmpty else { return }
        var commands = ""
        for (number, attribute) in attributes.enumerated() {
            guard !(attribute.path + attribute.name).contains(where: \.isNewline) else {
                throw site.failure(
                    "a file with an extended attribute has a line break in its name", remedy: "use another image")
            }
            let value = try site.write(attribute.value, to: "attribute-\(number)")
            commands += "ea_set -f \(argument(value)) \(argument("/" + attribute.path)) \(argument(attribute.name))\n"
        }
        let script = try site.write(Array(commands.utf8), to: "attributes")
        let result = try site.run(["debugfs", "-w", "-f", script, path], package: "e2fsprogs")
        // Its exit status tells nothing.
        let problems = result.errors.split(separator: "\n").filter { !$0.hasPrefix("debugfs ") }
        guard result.status.isSuccess, problems.isEmpty else {
            throw site.failure(
                "debugfs has failed: \(problems.first.map(String.init) ?? result.reason)", remedy: "use another image")
        }
    }

    /// As debugfs reads it: between quotation marks, of which two stand for one.
    private func argument(_ text: String) -> String {
        "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }

    /// How many inodes to ask for, where mke2fs would make fewer than the files need.
    private static func inodes(files: UInt64, size: UInt64) -> UInt64? {
        let wanted = files + files / 4 + 1024
        return wanted > size * 64 ? wanted : nil
    }

    /// MB that an ext4 file system takes that holds so much: blocks, inodes, the journal, and tables.
    static func neededSize(kibibytes: UInt64, files: UInt64) -> UInt64 {
        let content = kibibytes / 1024 + 1
        let inodes = (files + files / 4 + 1024) / 4096 + 1
        var size = content + inodes
        // The journal grows with the file system, and mke2fs keeps one twentieth for root, which it may fill itself.
        let journal: UInt64 = size < 120 ? 4 : size < 900 ? 16 : size < 1900 ? 32 : size < 14000 ? 64 : 128
        size += journal + size / 32 + 4
        return size
    }
}
