import DriverProtocol

/// An extended attribute of a file: a capability, a label, an access control list.
struct ExtendedAttribute: Equatable {
    /// Below the archive's top.
    let path: String
    /// The name in the form of xattr(7). An access control list in words has the archive's own: see
    /// ``AccessControlList``.
    let name: String
    let value: [UInt8]
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
    private var ofFiles: [String: [ExtendedAttribute]] = [:]
    private var files: [String] = []
    private var filesWithMore: Set<String> = []

    /// The extended attributes of all files. If a path comes again, those of its last entry count.
    var all: [ExtendedAttribute] { files.flatMap { ofFiles[$0] ?? [] } }
    /// The number of files with something that ``all`` lacks, since Linux has no such attributes.
    var incompleteFiles: Int { filesWithMore.count }

    /// Reads a record of POSIX.1-2001 before an entry.
    mutating func read(_ keyword: String, _ value: ArraySlice<UInt8>) throws(TarScanner.Fault) {
        if let name = Self.rest(of: keyword, behind: "SCHILY.xattr.") {
            next.removeAll { $0.name == name }
            try add(name, Array(value))
        } else if let name = Self.rest(of: keyword, behind: "LIBARCHIVE.xattr.") {
            if let value = Base64.decode(value), !name.contains("%") {
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

    private static func rest(of keyword: String, behind prefix: String) -> String? {
        keyword.hasPrefix(prefix) ? String(keyword.dropFirst(prefix.count)) : nil
    }

    /// Adds an attribute, unless another record has given it already.
    private mutating func add(_ name: String, _ value: [UInt8]) throws(TarScanner.Fault) {
        size += value.count
        guard size <= Self.limit else { throw TarScanner.Fault(reason: "it has too many extended attributes") }
        if !next.contains(where: { $0.name == name }) { next.append((name, value)) }
    }

    /// Assigns the attributes that have been read to the file at `path`.
    mutating func assign(to path: String) {
        if !next.isEmpty || ofFiles[path] != nil {
            if ofFiles[path] == nil { files.append(path) }
            ofFiles[path] = next.map { ExtendedAttribute(path: path, name: $0.name, value: $0.value) }
        }
        if nextHasMore { filesWithMore.insert(path) }
        next = []
        nextHasMore = false
    }
}
