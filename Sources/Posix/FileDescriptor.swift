import CPosix
import Glibc

/// An open file descriptor that is closed with its last reference.
package final class FileDescriptor: @unchecked Sendable {
    package let number: Int32
    /// Its name in errors: a path, mostly.
    package let name: String
    private let isOwned: Bool

    /// Takes over `number`, and closes it in the end if it is `owned`.
    package init(_ number: Int32, name: String, owned: Bool = true) {
        self.number = number
        self.name = name
        self.isOwned = owned
    }

    deinit {
        if isOwned { close(number) }
    }

    /// open(2), with O_CLOEXEC. `mode` is that of a file which is created.
    package static func open(_ path: String, _ flags: Int32, mode: mode_t = 0o600) throws(SystemError) -> FileDescriptor
    {
        FileDescriptor(
            try retrying("open", path) { cposix_open(path, flags | O_CLOEXEC, mode) }, name: path)
    }

    package static var standardInput: FileDescriptor { FileDescriptor(0, name: "standard input", owned: false) }
    package static var standardOutput: FileDescriptor { FileDescriptor(1, name: "standard output", owned: false) }
    package static var standardError: FileDescriptor { FileDescriptor(2, name: "standard error", owned: false) }

    /// read(2). Returns the number of bytes read, 0 at the end.
    package func read(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        try retrying("read", name) { Glibc.read(number, buffer.baseAddress, buffer.count) }
    }

    /// Returns everything up to the end of file, or nil if that is more than `limit` bytes.
    package func readToEnd(limit: Int) throws(SystemError) -> [UInt8]? {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = try retrying("read", name) { Glibc.read(number, &chunk, chunk.count) }
            if count == 0 { return bytes }
            guard bytes.count + count <= limit else { return nil }
            bytes.append(contentsOf: chunk[..<count])
        }
    }

    /// Returns the last bytes of a regular file, `limit` at most, and reads no others.
    package func readTail(limit: Int) throws(SystemError) -> [UInt8] {
        let size = try status().size
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Int(min(Int64(limit), size)), alignment: 16)
        defer { buffer.deallocate() }
        return Array(buffer[..<(try read(into: buffer, at: size - Int64(buffer.count)))])
    }

    /// write(2), as often as it takes.
    package func writeAll(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
        var rest = bytes
        while !rest.isEmpty {
            let count = try retrying("write", name) { Glibc.write(number, rest.baseAddress, rest.count) }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    /// write(2), as often as it takes.
    package func writeAll(_ bytes: [UInt8]) throws(SystemError) {
        var done = 0
        while done < bytes.count {
            done += try retrying("write", name) {
                bytes.withUnsafeBytes { Glibc.write(number, $0.baseAddress! + done, $0.count - done) }
            }
        }
    }

    /// pwrite(2), as often as it takes.
    package func writeAll(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(SystemError) {
        var done = 0
        while done < bytes.count {
            done += try retrying("write", name) {
                pwrite(number, bytes.baseAddress! + done, bytes.count - done, off_t(offset) + off_t(done))
            }
        }
    }

    /// pread(2), up to the buffer's end or the file's. Returns the number of bytes read.
    package func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(SystemError) -> Int {
        var done = 0
        while done < buffer.count {
            let count = try retrying("read", name) {
                pread(number, buffer.baseAddress! + done, buffer.count - done, off_t(offset) + off_t(done))
            }
            if count == 0 { break }
            done += count
        }
        return done
    }

    package func status() throws(SystemError) -> FileStatus {
        var status = stat()
        try retrying("fstat", name) { fstat(number, &status) }
        return FileStatus(status)
    }

    /// fsync(2).
    package func synchronize() throws(SystemError) {
        try retrying("fsync", name) { fsync(number) }
    }

    /// Starts writing `length` bytes from `offset` to the disk, so that fsync has little left to wait for.
    /// Advice only: failures do not matter.
    package func startWriteback(offset: Int64, length: Int64) {
        _ = cposix_start_writeback(number, off_t(offset), off_t(length))
    }

    /// ftruncate(2): makes the file `length` bytes long; what is added is a hole.
    package func truncate(to length: Int64) throws(SystemError) {
        try retrying("ftruncate", name) { ftruncate(number, off_t(length)) }
    }

    /// fchmod(2).
    package func changeMode(_ mode: mode_t) throws(SystemError) {
        try retrying("fchmod", name) { fchmod(number, mode) }
    }

    /// futimens(2): `seconds` since the epoch.
    package func changeModificationTime(_ seconds: Double) throws(SystemError) {
        let whole = seconds.rounded(.down)
        let time = timespec(tv_sec: time_t(whole), tv_nsec: Int((seconds - whole) * 1e9))
        try retrying("futimens", name) { futimens(number, [time, time]) }
    }

    /// flock(2) without waiting. Returns whether the lock was had.
    package func tryLock() -> Bool {
        flock(number, LOCK_EX | LOCK_NB) == 0
    }

    /// Returns another descriptor of the same open file, close-on-exec, numbered `lowest` or higher: F_DUPFD_CLOEXEC of
    /// fcntl(2).
    package func copy(from lowest: Int32 = 0) throws(SystemError) -> FileDescriptor {
        FileDescriptor(
            try retrying("fcntl", name) { cposix_fcntl(number, F_DUPFD_CLOEXEC, lowest) }, name: name)
    }

    /// Reads and writes on this end of a pipe no longer wait.
    package func setNonBlocking() {
        _ = cposix_fcntl(number, F_SETFL, cposix_fcntl(number, F_GETFL, 0) | O_NONBLOCK)
    }

    /// Returns the extent of data at or behind `offset`, or nil if only a hole is left: lseek(2) with SEEK_DATA and
    /// SEEK_HOLE. A file system without holes has one extent to the end. What a growing file has beyond `size` is left
    /// out.
    package func dataExtent(from offset: Int64, size: Int64) throws(SystemError) -> Range<Int64>? {
        guard offset < size else { return nil }
        let start = cposix_seek_data(number, off_t(offset))
        if start < 0 {
            if errno == ENXIO { return nil }
            return offset..<size
        }
        guard Int64(start) < size else { return nil }
        let end = try retrying("lseek", name) { cposix_seek_hole(number, start) }
        // An impossible result: the hole is read as data, which is zeros.
        guard offset <= Int64(start), start < end else { return offset..<size }
        return Int64(start)..<min(Int64(end), size)
    }
}
