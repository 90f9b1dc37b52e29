import DriverProtocol
import Posix

/// An ext4 file system made of a tree, by mke2fs(8) and debugfs(8).
struct Ext4FileSystem {
    /// Bytes for attributes in an inode of 256 bytes, as made by mke2fs(8).
    private static let inodeRoom = 88

    let site: BuildSite
    let tree: ContainerTree

    /// Makes the image. Returns its path.
    func make(_ attributes: [ExtendedAttribute]) throws -> String {
        let counts = try tree.count()
        let blocks = Self.blocks(of: attributes)
        let kibibytes = counts.kibibytes.addingClamped(4 * blocks)
        let needed = Self.neededSize(kibibytes: kibibytes, files: counts.files)
        guard needed <= site.image.size else { throw site.tooSmall(needed) }
        let path = try site.makeImage("image.raw")
        try makeFileSystem(path, files: counts.files, needed: needed)
        try setTop(in: path)
        try setDevices(in: path)
        try setAttributes(attributes, in: path)
        return path
    }

    private func makeFileSystem(_ path: String, files: UInt64, needed: UInt64) throws {
        let size = site.image.size
        var options = ["-q", "-F", "-t", "ext4", "-d", tree.path]
        if let inodes = Self.inodes(files: files, size: size) { options += ["-N", String(inodes)] }
        let result = try site.runAsRoot(["mke2fs"] + options + ["--", path], changes: false, package: "e2fsprogs")
        guard result.status.isSuccess else {
            let isFull = ["Could not allocate", "No space left", "no free space"].contains {
                result.errors.contains($0)
            }
            // It says the same of the image and of the disk that it lies on.
            if let full = site.fullDisk("", isMeasured: true) { throw full }
            if isFull { throw site.tooSmall(max(needed, size + size / 8 + 8)) }
            throw site.failure("mke2fs has failed: \(result.reason)", remedy: "run it by hand to see more")
        }
    }

    /// Gives the top the mode and the owner that it has in the tree: mke2fs makes one of its own.
    private func setTop(in path: String) throws {
        let top = try tree.top()
        // mksquashfs lets everybody write to the top of what it makes of an archive without one.
        let commands = ["mode 0\(String(top.mode & ~0o022, radix: 8))", "uid \(top.owner)", "gid \(top.group)"]
        let problems = try edit(path, commands.flatMap { Array("sif / \($0)\n".utf8) }, name: "top")
        if let problem = problems.first {
            throw site.failure("debugfs cannot change its top: \(problem)", remedy: "use another image")
        }
    }

    /// Puts the devices in place of the files that stand for them in the tree.
    private func setDevices(in path: String) throws {
        guard !tree.placeholders.isEmpty else { return }
        var commands: [UInt8] = []
        for entry in try tree.entries() {
            guard let device = tree.device(entry) else { continue }
            let (name, file) = (argument(Array(entry.name)), argument(Self.here + entry.name))
            let numbers = " \(device.isBlock ? "b" : "c") \(device.major) \(device.minor)"
            let fields = [
                "mode 0\(String(entry.mode, radix: 8))", "uid \(entry.owner)", "gid \(entry.group)",
            ]
            commands += enter(entry.path.dropFirst(2).dropLast(entry.name.count))
            commands += Array("rm ".utf8) + file
            commands += Array("\nmknod ".utf8) + name + Array((numbers + "\n").utf8)
            for field in fields { commands += Array("sif ".utf8) + file + Array(" \(field)\n".utf8) }
        }
        if let problem = try edit(path, commands, name: "devices").first {
            throw site.failure("debugfs cannot make its devices: \(problem)", remedy: "use another image")
        }
    }

    /// Runs the commands of debugfs(8) on the image. Returns what it complains of.
    private func edit(_ path: String, _ commands: [UInt8], name: String) throws -> [String] {
        let script = try site.write(commands, to: name)
        // debugfs repeats all commands on its standard output, and its exit status tells nothing.
        let result = try site.run(
            ["sh", "-c", "exec debugfs -w -f \"$1\" \"$2\" 2>&1 >/dev/null", "sh", script, path], package: "e2fsprogs",
            outputLimit: 64 << 20)
        guard result.status.isSuccess else {
            throw site.failure("debugfs has failed: \(result.reason)", remedy: "use another image")
        }
        return String(decoding: result.output, as: UTF8.self).split(whereSeparator: \.isNewline)
            .filter { !$0.hasPrefix("debugfs ") }.map(String.init)
    }

    /// Whether debugfs(8) can set the attribute, and Linux show it. debugfs takes any name, and cuts a long one.
    static func holds(_ attribute: ExtendedAttribute) -> Bool {
        attribute.isOfLinux && !(attribute.path + attribute.name.utf8).contains { [0, 0x0A, 0x0D].contains($0) }
    }

    /// Returns the number of files whose attributes have no room in their inodes, and take a block of their own.
    static func blocks(of attributes: [ExtendedAttribute]) -> UInt64 {
        var sizes: [[UInt8]: Int] = [:]
        for attribute in attributes {
            let name = attribute.name.utf8.drop { $0 != UInt8(ascii: ".") }
            sizes[attribute.path, default: 0] += 16 + padded(name.count) + padded(attribute.value.count)
        }
        return UInt64(sizes.values.count { $0 > inodeRoom })
    }

    private static func padded(_ count: Int) -> Int { (count + 3) / 4 * 4 }

    /// Writes extended attributes into the finished image. fakeroot loses the kind of a file that gets one.
    private func setAttributes(_ attributes: [ExtendedAttribute], in path: String) throws {
        guard !attributes.isEmpty else { return }
        // Labels are the same for many files.
        var files: [[UInt8]: String] = [:]
        var commands: [UInt8] = []
        var current: ArraySlice<UInt8>?
        for attribute in attributes {
            // Programs run in the work directory.
            let file = files[attribute.value] ?? "attribute-\(files.count)"
            if files.updateValue(file, forKey: attribute.value) == nil {
                _ = try site.write(attribute.value, to: file)
            }
            let slash = attribute.path.lastIndex(of: UInt8(ascii: "/"))
            let directory = attribute.path[..<(slash ?? 0)]
            if directory != current { commands += enter(directory) }
            current = directory
            let last = attribute.path[(slash.map { $0 + 1 } ?? 0)...]
            let name = Self.here + (last.isEmpty ? [UInt8(ascii: ".")] : last)
            let words = [Array(file.utf8), name, Array(attribute.name.utf8)]
            commands += Array("ea_set -f ".utf8) + words.map(argument).joined(separator: [0x20]) + [0x0A]
        }
        let problems = try edit(path, commands, name: "attributes")
        let tooLarge = problems.filter { $0.hasPrefix("ea_set: Insufficient space ") }
        if !tooLarge.isEmpty {
            site.log.warning(
                "\(tooLarge.count) extended attributes are left out: there is no room for them beside their files")
        }
        if let problem = problems.first(where: { !tooLarge.contains($0) }) {
            throw site.failure("debugfs has failed: \(problem)", remedy: "use another image")
        }
    }

    /// In front of a name in the current directory: `<8>` by itself is an inode.
    private static let here = Array("./".utf8)
    /// debugfs cuts lines of 8192 bytes, and a word may be twice as long between quotation marks.
    private static let pathLimit = 3000

    /// Returns the commands that make a directory the current one, however long its path is.
    private func enter(_ path: some Collection<UInt8>) -> [UInt8] {
        var commands = Array("cd /\n".utf8)
        var part: [UInt8] = []
        func change() { commands += Array("cd ".utf8) + argument(Self.here + part) + [0x0A] }
        for name in path.split(separator: UInt8(ascii: "/")) {
            if part.count + name.count > Self.pathLimit {
                change()
                part = []
            }
            part += name + [UInt8(ascii: "/")]
        }
        if !part.isEmpty { change() }
        return commands
    }

    /// Returns a word between quotation marks, with those inside doubled, as debugfs reads it.
    private func argument(_ word: [UInt8]) -> [UInt8] {
        let mark = UInt8(ascii: "\"")
        return [mark] + word.flatMap { $0 == mark ? [mark, mark] : [$0] } + [mark]
    }

    /// Returns the number of inodes to ask for if mke2fs would make fewer than the files need, else nil.
    private static func inodes(files: UInt64, size: UInt64) -> UInt64? {
        let wanted = files + files / 4 + 1024
        return wanted > size * 64 ? wanted : nil
    }

    /// Returns the size in MB of an ext4 file system for these files: blocks, inodes, the journal, and tables.
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
