import Glibc
import Posix

/// The prototype file of mkfs.xfs(8): all files of a tree, with their kinds, permissions, owners and contents. It has
/// no special mode bits, hard links or extended attributes, and no white space: ``XFSAlias`` helps with that.
struct XFSPrototype {
    /// A file that it cannot express.
    struct Fault: Error, Equatable {
        let reason: String
    }

    private(set) var text: [UInt8] = Array("prototype\n0 0\n".utf8)
    private var depth = 0

    /// - Parameters:
    ///   - entries: each directory directly before its contents.
    ///   - content: returns a symbolic link's target, or the path of a regular file's content.
    init(_ entries: [TreeEntry], content: (TreeEntry) -> [UInt8]) throws(Fault) {
        for (number, entry) in entries.enumerated() {
            leave(to: number == 0 ? 0 : entry.depth)
            if number > 0 { text += entry.aliasName + [0x20] }
            text += try Self.line(entry, content: content)
            text.append(0x0A)
            if entry.isDirectory { depth += 1 }
        }
        leave(to: 0)
    }

    /// Ends the directories that are deeper.
    private mutating func leave(to wanted: Int) {
        while depth > wanted {
            text += Array("$\n".utf8)
            depth -= 1
        }
    }

    private static func line(_ entry: TreeEntry, content: (TreeEntry) -> [UInt8]) throws(Fault) -> [UInt8] {
        let kinds: [mode_t: String] = [
            S_IFREG: "-", S_IFDIR: "d", S_IFLNK: "l", S_IFCHR: "c", S_IFBLK: "b", S_IFIFO: "p",
        ]
        guard let kind = kinds[entry.kind] else {
            throw Fault(reason: "an xfs image cannot hold the socket \(entry.text)")
        }
        let permissions = String(entry.mode & 0o777 + 0o1000, radix: 8).dropFirst()
        var line = Array("\(kind)--\(permissions) \(entry.owner) \(entry.group)".utf8)
        switch entry.kind {
        case S_IFREG, S_IFLNK: line += [0x20] + content(entry)
        case S_IFCHR, S_IFBLK: line += Array(" \(entry.device.major) \(entry.device.minor)".utf8)
        default: break
        }
        return line
    }
}
