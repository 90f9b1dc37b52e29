import CPosix
import Glibc

/// The status of a file, as stat(2) gives it.
package struct FileStatus: Sendable, Equatable {
    package let device: dev_t
    package let inode: ino_t
    package let mode: mode_t
    package let owner: uid_t
    /// The number of names the file has, as far as its file system knows: some of FUSE say 0 of every file.
    package let linkCount: Int
    /// Bytes.
    package let size: Int64
    /// Bytes that take room on the disk: less than ``size`` if the file has holes.
    package let allocatedSize: Int64
    package let modificationSeconds: Int
    package let modificationNanoseconds: Int

    init(_ status: stat) {
        device = status.st_dev
        inode = status.st_ino
        mode = status.st_mode
        owner = status.st_uid
        linkCount = Int(clamping: status.st_nlink)
        // A file system of FUSE may give any number.
        size = max(0, Int64(status.st_size))
        allocatedSize = Int64(clamping: UInt64(clamping: status.st_blocks).multipliedClamped(by: 512))
        modificationSeconds = status.st_mtim.tv_sec
        modificationNanoseconds = status.st_mtim.tv_nsec
    }

    /// stat(2), or lstat(2) if links are not to be followed.
    package init(path: String, followLinks: Bool = true) throws(SystemError) {
        var status = stat()
        if followLinks {
            try retrying("stat", path) { stat(path, &status) }
        } else {
            try retrying("lstat", path) { lstat(path, &status) }
        }
        self.init(status)
    }

    /// Seconds since the epoch.
    package var modificationTime: Double { Double(modificationSeconds) + Double(modificationNanoseconds) / 1e9 }

    /// Whether nothing has been written to the file between the two looks at it.
    package func hasSameContent(as other: FileStatus) -> Bool {
        size == other.size && modificationSeconds == other.modificationSeconds
            && modificationNanoseconds == other.modificationNanoseconds
    }

    package var isRegularFile: Bool { mode & S_IFMT == S_IFREG }
    package var isDirectory: Bool { mode & S_IFMT == S_IFDIR }
    package var isBlockDevice: Bool { mode & S_IFMT == S_IFBLK }
    package var isLink: Bool { mode & S_IFMT == S_IFLNK }
    package var isPipe: Bool { mode & S_IFMT == S_IFIFO }
    /// Whether its file system lies on a block device: those of networks, of memory and in layers have no device's
    /// number.
    package var isOnBlockDevice: Bool { cposix_device_major(device) != 0 }

    /// The kind of file, for an error: `a directory`.
    package var kind: String {
        switch mode & S_IFMT {
        case S_IFREG: "a regular file"
        case S_IFDIR: "a directory"
        case S_IFLNK: "a symbolic link"
        case S_IFBLK: "a block device"
        case S_IFCHR: "a character device"
        case S_IFIFO: "a named pipe"
        case S_IFSOCK: "a socket"
        default: "of an unknown kind"
        }
    }
}
