import Bytes
import DriverProtocol

/// An extended attribute of a file: a capability, a label, an access control list.
struct ExtendedAttribute: Equatable {
    /// Below the archive's top; empty for the top. Any bytes but NUL.
    let path: [UInt8]
    /// The name in the form of xattr(7). An access control list in words has the archive's own: see
    /// ``AccessControlList``.
    let name: String
    let value: [UInt8]

    /// The most bytes of a name: XATTR_NAME_MAX.
    private static let nameLimit = 255

    /// Whether Linux can show it: its name is one of xattr(7), and no longer than those are.
    var isOfLinux: Bool {
        let isInSpace = ["user.", "trusted.", "security."].contains { name.hasPrefix($0) && name != $0 }
        let isList = AccessControlList.textKeywords.values.contains(name)
        return (isInSpace || isList) && name.utf8.count <= Self.nameLimit
    }

    /// The path, for a log.
    var shownPath: String { String(decoding: path, as: UTF8.self) }
}

/// The extended attributes of an archive's files, as GNU's tar, star and libarchive write them.
struct ArchiveAttributes {
    private static let limit = 16 << 20
    /// Keywords without a counterpart on Linux: lists of NFSv4, and flags of files.
    private static let others: Set<String> = ["SCHILY.acl.ace", "SCHILY.fflags"]

    /// The attributes of the next entry.
    private var next: [(name: String, value: [UInt8])] = []
    private var nextHasMore = false
    private var size = 0
    /// By the files' paths, and these paths in their order.
    private var ofFiles: [[UInt8]: [ExtendedAttribute]] = [:]
    private var files: [[UInt8]] = []
    private var filesWithMore: Set<[UInt8]> = []

    /// The extended attributes of all files. If a path comes again, those of its last entry count.
    var all: [ExtendedAttribute] { files.flatMap { ofFiles[$0] ?? [] } }
    /// The number of files with something that ``all`` lacks, since Linux has no such attributes.
    var incompleteFiles: Int { filesWithMore.count }

    /// Reads a record of POSIX.1-2001 before an entry.
    mutating func read(_ keyword: String, _ value: ArraySlice<UInt8>) throws(TarScanner.Fault) {
        if let name = Self.rest(of: keyword, behind: "SCHILY.xattr.").map(Self.plain) {
            next.removeAll { $0.name == name }
            try add(name, Array(value))
        } else if let name = Self.rest(of: keyword, behind: "LIBARCHIVE.xattr.") {
            if let value = Base64.decode(value), let name = percentDecoded(name) {
                try add(name, value)
            } else {
                nextHasMore = true
            }
        } else if keyword == "RHT.security.selinux" {
            // The kernel ends labels with a NUL.
            try add("security.selinux", value + (value.last == 0 ? [] : [0]))
        } else if AccessControlList.textKeywords[keyword] != nil {
            try add(keyword, Array(value))
        } else if Self.others.contains(keyword), !value.isEmpty {
            nextHasMore = true
        }
    }

    /// Counts an attribute that no record can be read for: its name is no text.
    mutating func passOver() {
        nextHasMore = true
    }

    private static func rest(of keyword: String, behind prefix: String) -> String? {
        keyword.hasPrefix(prefix) ? String(keyword.dropFirst(prefix.count)) : nil
    }

    /// Returns a name without what GNU's tar writes for the two characters that would end a keyword, or begin such a
    /// writing. Others write names as they are.
    private static func plain(_ name: String) -> String {
        name.replacing("%3D", with: "=").replacing("%25", with: "%")
    }

    /// Adds an attribute, unless another record has given it already.
    private mutating func add(_ name: String, _ value: [UInt8]) throws(TarScanner.Fault) {
        size += value.count
        guard size <= Self.limit else { throw TarScanner.Fault(reason: "it has too many extended attributes") }
        if !next.contains(where: { $0.name == name }) { next.append((name, value)) }
    }

    /// Assigns the attributes that have been read to the file at `path`.
    mutating func assign(to path: [UInt8]) {
        if !next.isEmpty || ofFiles[path] != nil {
            if ofFiles[path] == nil { files.append(path) }
            ofFiles[path] = next.map { ExtendedAttribute(path: path, name: $0.name, value: $0.value) }
        }
        if nextHasMore { filesWithMore.insert(path) }
        next = []
        nextHasMore = false
    }
}
