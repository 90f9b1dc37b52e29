import Bytes
import DriverProtocol
import Glibc
import Posix

/// xfs_db(8) on an image that is not in use.
struct XFSDatabase {
    private static let remedy = "set FILESYSTEM to ext4"
    /// Bytes of a name and its value: a longer attribute does not lie in the block of the file's attributes.
    private static let lengthLimit = 3000
    private static let mark = "====="

    let site: BuildSite
    let path: String

    // MARK: Contents

    /// Returns the first file that lacks some of its blocks, or nil if every file is whole. If mkfs.xfs finds no free
    /// run of blocks that is long enough for a file, it overwrites the blocks behind a shorter one.
    func firstIncomplete(_ entries: [TreeEntry]) throws -> TreeEntry? {
        let files = entries.filter { $0.kind == S_IFREG && $0.size > 0 }
        let lines = try run(files.flatMap { [select($0.alias), "print core.nblocks"] })
        // If there are fewer lines, the first wrong one shows the problem.
        for (number, file) in files.enumerated() {
            let line = number < lines.count ? lines[number] : ""
            guard line.hasPrefix("core.nblocks = ") else { throw failure(line) }
            if line != "core.nblocks = \(XFSFileSystem.blocks(file.size))" { return file }
        }
        return nil
    }

    // MARK: Modes

    /// Writes the whole modes of files.
    func setModes(_ entries: [TreeEntry]) throws {
        guard !entries.isEmpty else { return }
        var commands: [Line] = []
        var expected: [String] = []
        for entry in entries {
            let mode = "0" + String(entry.mode, radix: 8)
            commands += [select(entry.alias), "write core.mode \(mode)"]
            expected.append("core.mode = \(mode)")
        }
        let lines = try run(commands)
        guard lines == expected else { throw failure(lines.first { !expected.contains($0) }) }
    }

    // MARK: Extended attributes

    private struct Attribute {
        /// The option of attr_set for the name's space.
        let space: String
        let name: String
        let value: [UInt8]
    }

    /// - Parameter attributes: each with its file's path in the form of ``TreeEntry``.
    func setAttributes(_ attributes: [(path: [UInt8], attribute: ExtendedAttribute)]) throws {
        guard !attributes.isEmpty else { return }
        var order: [[UInt8]] = []
        var files: [[UInt8]: [Attribute]] = [:]
        for (path, attribute) in attributes {
            guard let new = Self.stored(attribute) else { throw unsupported(attribute) }
            guard let others = files[path] else {
                order.append(path)
                files[path] = [new]
                continue
            }
            // Its value could not be told from the other's.
            guard !others.contains(where: { $0.name == new.name }) else { throw unsupported(attribute) }
            files[path] = others + [new]
        }
        // xfs_db makes room for a value of a given length, in the right place. Values are written second.
        var commands: [Line] = []
        for path in order {
            commands.append(select(path))
            commands += files[path, default: []].map { "attr_set \($0.space) -v \($0.value.count) \($0.name)" }
        }
        let problems = try run(commands)
        guard problems.isEmpty else { throw failure(problems.first) }
        try write(files, Array(zip(order, try fields(of: order))))
    }

    /// Returns for each file the fields of its inode or attribute block, by the names whose values they hold.
    private func fields(of paths: [[UInt8]]) throws -> [[String: String]] {
        // The second command fails, harmlessly, if all attributes lie in the inode.
        let lines = try run(paths.flatMap { ["echo \(Self.mark)", select($0), "ablock 0", "print"] })
        let parts = lines.split(omittingEmptySubsequences: false) { $0.hasPrefix(Self.mark) }.dropFirst()
        guard parts.count == paths.count else { throw failure(lines.first) }
        return parts.map { lines in
            var fields: [String: String] = [:]
            for line in lines where line.hasPrefix("a.sfattr.list[") || line.hasPrefix("nvlist[") {
                let parts = line.split(separator: "].name = \"", maxSplits: 1)
                if parts.count == 2 { fields[String(parts[1].dropLast())] = parts[0] + "].value" }
            }
            return fields
        }
    }

    private func write(_ files: [[UInt8]: [Attribute]], _ fields: [([UInt8], [String: String])]) throws {
        var commands: [Line] = []
        var count = 0
        for (path, fields) in fields {
            commands.append(select(path))
            if fields.values.contains(where: { $0.hasPrefix("nvlist") }) { commands.append("ablock 0") }
            for attribute in files[path, default: []] where !attribute.value.isEmpty {
                guard let field = fields[attribute.name] else {
                    throw failure("it does not show the attribute \(attribute.name) that it has set")
                }
                commands.append(write(field, attribute.value))
                count += 1
            }
        }
        let lines = try run(commands)
        guard lines.count == count, lines.allSatisfy({ $0.contains("].value = ") }) else {
            throw failure(lines.first { !$0.contains("].value = ") })
        }
    }

    /// Whether an image can hold the attribute.
    static func holds(_ attribute: ExtendedAttribute) -> Bool { stored(attribute) != nil }

    /// Returns the attribute as xfs stores it, or nil if it cannot.
    private static func stored(_ attribute: ExtendedAttribute) -> Attribute? {
        let spaces = ["security.": "-s", "trusted.": "-r", "user.": "-u"]
        let lists = ["system.posix_acl_access": "SGI_ACL_FILE", "system.posix_acl_default": "SGI_ACL_DEFAULT"]
        var result: Attribute?
        if let name = lists[attribute.name] {
            result = accessControlList(attribute.value).map { Attribute(space: "-r", name: name, value: $0) }
        } else if let (prefix, space) = spaces.first(where: { attribute.name.hasPrefix($0.key) }) {
            result = Attribute(
                space: space, name: String(attribute.name.dropFirst(prefix.count)), value: attribute.value)
        }
        // xfs_db takes an empty value for a removal, and a hyphen in front for an option.
        guard let result, attribute.isOfLinux, !result.value.isEmpty, !result.name.hasPrefix("-"),
            result.name.utf8.count + result.value.count <= lengthLimit,
            result.name.utf8.allSatisfy({ isVisible($0) && $0 != UInt8(ascii: "\"") })
        else { return nil }
        return result
    }

    /// Converts a list of acl(5) from the form of setxattr(2) to the byte order in which xfs stores it.
    static func accessControlList(_ value: [UInt8]) -> [UInt8]? {
        let entries = (value.count - 4) / 8
        guard value.count >= 4, value.count == 4 + 8 * entries, value[..<4].elementsEqual([2, 0, 0, 0]) else {
            return nil
        }
        var stored: [UInt8] = [0, 0, UInt8(entries >> 8 & 0xFF), UInt8(entries & 0xFF)]
        for start in stride(from: 4, to: value.count, by: 8) {
            let entry = value[start..<(start + 8)]
            let tag = entry.prefix(2).reversed()
            let permissions = entry.dropFirst(2).prefix(2).reversed()
            stored += [0, 0] + tag + entry.suffix(4).reversed() + permissions + [0, 0]
        }
        return stored
    }

    // MARK: Names

    /// Writes the targets of symbolic links, in place of aliases of the same length.
    func setTargets(_ links: [(path: [UInt8], target: [UInt8])]) throws {
        guard !links.isEmpty else { return }
        let lines = try run(links.flatMap { [select($0.path), write("u3.symlink", $0.target)] })
        guard lines.count == links.count, lines.allSatisfy({ $0.hasPrefix("u3.symlink = ") }) else {
            throw failure(lines.first { !$0.hasPrefix("u3.symlink = ") })
        }
    }

    /// Gives files their own names in place of their aliases. They cannot be found by their aliases afterwards.
    func rename(_ entries: [TreeEntry]) throws {
        // Begins with the deepest, as a directory is found by its alias.
        for entry in entries.sorted(by: { $0.depth > $1.depth }) {
            let directory = select(Array(entry.alias.dropLast(entry.aliasName.count + 1)))
            let size = try run([directory, "print core.size"]).first?.split(separator: " ").last.flatMap { UInt64($0) }
            guard let size else { throw failure(nil) }
            try rename(entry, in: directory, blocks: max(1, XFSFileSystem.blocks(size)))
        }
    }

    private func rename(_ entry: TreeEntry, in directory: Line, blocks: UInt64) throws {
        let ending = ".name = \"\(shown(entry.aliasName))\""
        for block in 0..<blocks {
            // The second command fails, harmlessly, if the entries lie in the directory's inode.
            let place: [Line] = [directory, "dblock \(block)"]
            guard let line = try run(place + ["print"]).first(where: { $0.hasSuffix(ending) }) else { continue }
            let field = line.dropLast(ending.utf8.count) + ".name"
            let answer = try run(place + [write(field, Array(entry.name))]).last
            guard answer?.hasPrefix("\(field) = ") == true else { throw failure(answer) }
            return
        }
        throw failure("it does not show the file \(entry.text)")
    }

    /// Returns bytes in the form in which xfs_db shows them.
    private func shown(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { byte in
            (0x20..<0x7F).contains(byte)
                ? String(UnicodeScalar(byte)) : "\\" + String(UInt16(byte) + 0o1000, radix: 8).dropFirst()
        }.joined()
    }

    // MARK: The program

    /// A command; a name in it may be any bytes.
    private struct Line: ExpressibleByStringInterpolation {
        let bytes: [UInt8]

        init(bytes: [UInt8]) { self.bytes = bytes }
        init(stringLiteral text: String) { bytes = Array(text.utf8) }
    }

    private func write(_ field: some StringProtocol, _ bytes: [UInt8]) -> Line {
        "write \(field) #\(hexadecimal(bytes))"
    }

    /// - Parameter path: an alias in the form of ``TreeEntry``: `./etc`, or `.` for the top.
    private func select(_ path: [UInt8]) -> Line {
        Line(bytes: Array("path ".utf8) + (path.count == 1 ? Array("/".utf8) : Array(path.dropFirst())))
    }

    /// Runs commands, and returns the lines that they print.
    private func run(_ commands: [Line]) throws -> [String] {
        // Standard input goes through a line editor, which drops bytes that are no characters.
        let script = "commands-\(randomName())"
        let file = try site.write(commands.flatMap { line -> [UInt8] in line.bytes + [0x0A] }, to: script)
        defer { unlink(file) }
        let result = try site.run(
            ["xfs_db", "-x", "-f", "-c", "source \(script)", path], package: "xfsprogs", outputLimit: 256 << 20)
        guard result.status.isSuccess, result.errors.isEmpty else { throw failure(result.reason) }
        return String(decoding: result.output, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    private func failure(_ line: String?) -> DriverError {
        site.failure("xfs_db has failed: \(line ?? "it does not say why")", remedy: Self.remedy)
    }

    private func unsupported(_ attribute: ExtendedAttribute) -> DriverError {
        site.failure(
            "an xfs image cannot hold the attribute \(attribute.name) of \(attribute.shownPath)", remedy: Self.remedy)
    }
}
