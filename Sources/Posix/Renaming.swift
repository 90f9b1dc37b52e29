import CPosix
import Glibc

/// A way to give a file another name that must be free. File systems differ in what they support.
enum Renaming: CaseIterable {
    /// renameat2(2) with RENAME_NOREPLACE.
    case exclusive
    /// link(2) and unlink(2): NFS, and most of FUSE.
    case link
    /// A check that the name is free, then rename(2): CIFS, and FUSE without hard links. A file that gets that name in
    /// between is replaced.
    case checked

    /// Renames by the first way that the file system supports, and returns it. Throws the last way's error if none
    /// works.
    static func first(from: String, to: String) throws(SystemError) -> Renaming {
        // A file system fails unknown calls with various errors: EINVAL, ENOSYS, EPERM, EMLINK, and ENOENT if files are
        // said to have no links.
        for way in allCases.dropLast() where (try? way.apply(from: from, to: to)) != nil { return way }
        try checked.apply(from: from, to: to)
        return checked
    }

    /// Throws a ``SystemError`` with EEXIST if the name is taken.
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
