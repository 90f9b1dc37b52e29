import Glibc

/// Names that stand in for others: a prototype file accepts no white space and no colon in front, xfs_db(8) no
/// quotation marks.
///
/// An alias has the same length as the name, and the same hash, by which xfs looks directory entries up. So the entry
/// can be renamed in place.
enum XFSAlias {
    private static let blanks = Set<UInt8>(0...0x20).union([UInt8(ascii: "\"")])
    private static let slash = UInt8(ascii: "/")

    /// Whether both take it for one word, and not for a comment.
    static func isWord(_ bytes: some Collection<UInt8>) -> Bool {
        !bytes.isEmpty && bytes.first != UInt8(ascii: ":") && !bytes.contains(where: blanks.contains)
    }

    private static func isName(_ bytes: some Collection<UInt8>) -> Bool {
        isWord(bytes) && !bytes.elementsEqual("$".utf8)
    }

    /// Returns an alias for a name, or nil if there is none.
    ///
    /// The hash shifts by seven bits from one byte to the next: the highest bit of a byte has the weight of the lowest
    /// one of the byte before it, and changing both leaves the hash as it is.
    static func name(for name: some Collection<UInt8>) -> [UInt8]? {
        var bytes = Array(name)
        for index in bytes.indices where blanks.contains(bytes[index]) || index == 0 && !isWord(bytes.prefix(1)) {
            let second = index + 1 < bytes.count ? index + 1 : index
            guard second > 0 else { return nil }
            bytes[second - 1] ^= 0x01
            bytes[second] ^= 0x80
        }
        return isName(bytes) && !bytes.contains(slash) && !bytes.contains(0) ? bytes : nil
    }

    /// Gives aliases to those files of a tree that need one.
    static func apply(to entries: [TreeEntry]) throws(XFSPrototype.Fault) -> [TreeEntry] {
        var directories: [[UInt8]: [UInt8]] = [:]
        var taken = Set(entries.map(\.path))
        var result = entries
        for (index, entry) in entries.enumerated().dropFirst() {
            let parent = Array(entry.path.dropLast(entry.name.count + 1))
            var name = Array(entry.name)
            if !isName(name) {
                guard let alias = Self.name(for: name), taken.insert(parent + [slash] + alias).inserted else {
                    throw XFSPrototype.Fault(reason: "an xfs image cannot hold the file \(entry.text)")
                }
                name = alias
            }
            result[index].alias = (directories[parent] ?? parent) + [slash] + name
            if entry.isDirectory, result[index].alias != entry.path { directories[entry.path] = result[index].alias }
        }
        return result
    }

    /// Returns a target that a symbolic link has for the time being.
    static func target(for target: [UInt8]) -> [UInt8] {
        isWord(target) ? target : [UInt8](repeating: UInt8(ascii: "_"), count: target.count)
    }
}
