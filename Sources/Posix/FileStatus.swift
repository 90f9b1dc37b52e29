import CPosix
import Glibc

/// What stat(2) tells of a file.
public struct FileStatus: Sendable, Equatable {
    public let device: dev_t
    public let inode: ino_t
    public let mode: mode_t
    public let owner: uid_t
    /// How many names the file has.
    public let linkCount: Int
    /// Bytes.
    public let size: Int64
    /// Bytes that take room on the disk: less than ``size`` where the file has holes.
    public let allocatedSize: Int64
    public let modificationSeconds: Int
    public let modificationNanoseconds: Int

    init(_ status: stat) {
        device = status.st_dev
        inode = status.st_ino
        mode = status.st_mode
        owner = status.st_uid
        linkCount = Int(status.st_nlink)
        size = Int64(status.st_size)
        allocatedSize = Int64(status.st_blocks) * 512
        modificationSeconds = status.st_mtim.tv_sec
        modificationNanoseconds = status.st_mtim.tv_nsec
    }

    /// stat(2), or lstat(2) where links are not to be followed.
    public init(path: String, followLinks: Bool = true) throws(SystemError) {
        var status = stat()
        if followLinks {
            try retrying("stat", path) { stat(path, &status) }
        } else {
            try retrying("lstat", path) { lstat(path, &status) }
        }
        self.init(status)
    }

    /// Seconds since the epoch.
    public var modificationTime: Double { Double(modificationSeconds) + Double(modificationNanoseconds) / 1e9 }

    /// Whether nothing has been written to the file between the two looks at it.
    public func hasSameContent(as other: FileStatus) -> Bool {
        size == other.size && modificationSeconds == other.modificationSeconds
            && modificationNanoseconds == other.modificationNanoseconds
    }

    public var isRegularFile: Bool { mode & S_IFMT == S_IFREG }
    public var isDirectory: Bool { mode & S_IFMT == S_IFDIR }
    public var isBlockDevice: Bool { mode & S_IFMT == S_IFBLK }
    /// Whether its file system lies on a block device: those of networks, of memory and in layers have no device's number.
    public var isOnBlockDevice: Bool { cposix_device_major(device) != 0 }

    /// What kind of file it is, for an error: `a directory`.
    public var kind: String {
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

/// The room of a file system, in bytes, from statvfs(3).
public struct FileSystemSpace: Sendable, Equatable {
    public let total: UInt64
    public let used: UInt64
    /// What a process that is not root can still write.
    public let available: UInt64

    public init(total: UInt64, used: UInt64, available: UInt64) {
        self.total = total
        self.used = used
        self.available = available
    }

    public init(of path: String) throws(SystemError) {
        var space = statvfs()
        try retrying("statvfs", path) { statvfs(path, &space) }
        let unit = UInt64(space.f_frsize)
        total = UInt64(space.f_blocks) * unit
        used = UInt64(space.f_blocks - space.f_bfree) * unit
        available = UInt64(space.f_bavail) * unit
    }
}
