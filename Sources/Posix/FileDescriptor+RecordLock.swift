import Glibc

/// Locks on single bytes, which need not exist: fcntl(2). The kernel knows their owners, and releases them when a
/// process ends, however that happens. A process also loses them when it closes any descriptor of the file.
extension FileDescriptor {
    /// F_SETLK. Returns whether this process has the lock now. Throws if the file system knows no locks.
    package func lock(byte offset: Int64) throws(SystemError) -> Bool {
        do {
            _ = try record(F_SETLK, offset)
            return true
        } catch {
            guard error.code == EACCES || error.code == EAGAIN else { throw error }
            return false
        }
    }

    /// F_GETLK. Returns the process that has the lock, or nil if there is none or it is this one. The number is not
    /// positive if the process has none here: it runs on another machine, or outside of this container.
    package func holder(ofByte offset: Int64) throws(SystemError) -> pid_t? {
        let found = try record(F_GETLK, offset)
        return found.l_type == Int16(F_UNLCK) ? nil : found.l_pid
    }

    private func record(_ command: Int32, _ offset: Int64) throws(SystemError) -> flock {
        var lock = flock()
        lock.l_type = Int16(F_WRLCK)
        lock.l_whence = Int16(SEEK_SET)
        lock.l_start = off_t(offset)
        lock.l_len = 1
        try retrying("fcntl", name) { fcntl(number, command, &lock) }
        return lock
    }
}
