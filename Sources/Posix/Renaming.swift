import CPosix
import Glibc

/// A way to give a file another name, where that is free: file systems differ in what they know.
enum Renaming: CaseIterable {
    /// renameat2(2) with RENAME_NOREPLACE.
    case exclusive
    /// link(2) and unlink(2): NFS, and most of FUSE.
    case link
    /// A look whether the name is free, and rename(2): CIFS, and FUSE without hard links. A file that comes by that name
    /// between the two is replaced.
    case checked

    /// Renames by the first way that can be had there, and answers it. Throws the last one's error where none can.
    static func first(from: String, to: String) throws(SystemError) -> Renaming {
        // What does not know a call answers with many an error: EINVAL, ENOSYS, EPERM, EMLINK, and ENOENT where files
        // are said to have no links.
        for way in allCases.dropLast() where (try? way.apply(from: from, to: to)) != nil { return way }
        try checked.apply(from: from, to: to)
        return checked
    }

    /// Throws a ``SystemError`` with EEXIST where the name is taken.
    func apply(from: String, to: String) throws(SystemError) {
        switch self {
        case .exclusive:
            try retrying("rename", to) { cposix_rename_noreplace(from, to) }
        case .link:
            try retrying("link", to) { Glibc.link(from, to) }
            unlink(from)
        case .checked:
            var status = stat()
            if lstat(to, &status) == 0 { throw SystemError("rename", to, code: EEXIST) }
            try retrying("rename", to) { rename(from, to) }
        }
    }
}
