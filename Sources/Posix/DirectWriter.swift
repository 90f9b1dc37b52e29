import CPosix
import Glibc

/// Writes to a file past the page cache, which spares a copy and leaves the cache to others: O_DIRECT of open(2).
///
/// That is worthwhile if the processor is the bottleneck. A disk that takes long for each write is better left to the
/// page cache, which gives it much at a time: the writer then leaves the next bytes to the cache. It tries again now
/// and then, since other work may have made the disk, or this process, slow.
package final class DirectWriter {
    /// Addresses, offsets and lengths have to be multiples of this: the block size of the usual disks and file systems.
    private static let alignment = 4096
    /// Less at a time costs more than it spares.
    private static let leastLength = 128 << 10
    /// Bytes a second: about what one core digests.
    private static let leastRate = 400e6
    /// Bytes after which the rate is looked at.
    private static let interval = 32 << 20

    private let file: FileDescriptor
    private var isPossible = true
    /// Bytes that are left to the page cache after an interval that was too slow: each time twice as many.
    private var pause = 128 << 20
    /// The number of them that are still to come.
    private var paused = 0
    private var written = 0
    private var seconds = 0.0

    /// Opens `file` a second time. Returns nil if its file system takes no such writes, or lies on no block device:
    /// over a network (NFS) each write would wait for the server.
    package init?(_ file: FileDescriptor) {
        guard let status = try? file.status(), status.isOnBlockDevice else { return nil }
        let number = cposix_reopen_direct(file.number)
        guard number >= 0 else { return nil }
        self.file = FileDescriptor(number, name: file.name)
    }

    /// Writes `bytes` at `offset`, if that is possible and worthwhile. Returns false if the caller has to write them.
    package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) -> Bool {
        guard isPossible, bytes.count >= Self.leastLength, isAligned(bytes, offset) else { return false }
        guard paused <= 0 else {
            paused -= bytes.count
            return false
        }
        let start = Clock.now
        do {
            try file.writeAll(bytes, at: offset)
        } catch {
            // An error that is not due to O_DIRECT comes again when the caller writes.
            isPossible = false
            return false
        }
        count(bytes.count, seconds: Clock.now - start)
        return true
    }

    private func isAligned(_ bytes: UnsafeRawBufferPointer, _ offset: Int64) -> Bool {
        (Int(bitPattern: bytes.baseAddress) | Int(offset) | bytes.count) % Self.alignment == 0
    }

    /// Looks at the rate after each interval, and pauses if it is too low.
    func count(_ bytes: Int, seconds: Double) {
        written += bytes
        self.seconds += seconds
        guard written >= Self.interval else { return }
        if Double(written) < Self.leastRate * self.seconds {
            paused = pause
            pause = min(2 * pause, 1 << 40)
        }
        written = 0
        self.seconds = 0
    }
}
