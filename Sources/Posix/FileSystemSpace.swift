import Glibc

/// The room of a file system, in bytes. All zeros if it does not report it: see ``isKnown``.
package struct FileSystemSpace: Sendable, Equatable {
    package let total: UInt64
    package let used: UInt64
    /// Bytes that a process that is not root can still write.
    package let available: UInt64

    /// Whether the file system reports its size. Many of FUSE give zeros, and some of networks ones, if they know none.
    package var isKnown: Bool { total > 0 }

    /// The room of the file system that `path` lies on: statvfs(3). Unknown if it has no such call.
    package init(of path: String) throws(SystemError) {
        var space = statvfs()
        do {
            try retrying("statvfs", path) { statvfs(path, &space) }
        } catch  where [ENOSYS, EOPNOTSUPP].contains(error.code) {
            space = statvfs()
        }
        self.init(
            blockSize: UInt64(space.f_frsize), blocks: UInt64(space.f_blocks), free: UInt64(space.f_bfree),
            available: UInt64(space.f_bavail))
    }

    /// Counts of blocks as a file system gives them, which may be anything: more free than there are, or less than
    /// nothing available (the reserve is in use), which reads as a number with its highest bit set.
    package init(blockSize: UInt64, blocks: UInt64, free: UInt64, available: UInt64) {
        let isKnown = blockSize > 0 && blocks > 0 && blocks < .max
        let isNegative = Int64(bitPattern: available) < 0
        total = isKnown ? blocks.multipliedClamped(by: blockSize) : 0
        used = isKnown ? (blocks - min(free, blocks)).multipliedClamped(by: blockSize) : 0
        self.available = isKnown && !isNegative ? available.multipliedClamped(by: blockSize) : 0
    }
}

/// Whether programs can be run that lie on the file system of `path`: it is not mounted with `noexec`.
package func allowsPrograms(on path: String) -> Bool {
    // ST_NOEXEC of statvfs(3), which Swift does not see.
    let noExecution: UInt = 8
    var space = statvfs()
    return statvfs(path, &space) != 0 || space.f_flag & noExecution == 0
}
