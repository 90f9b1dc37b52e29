import CPosix
import DriverProtocol
import Glibc
import Posix

/// A local file or block device, its holes passed over: SEEK_DATA and SEEK_HOLE of lseek(2).
package final class FileSource: ImageSource {
    package let name: String
    private let file: FileDescriptor
    private let before: FileStatus
    private let size: Int64
    private var offset: Int64 = 0
    /// The data that is being read; nil before the first extent is known.
    private var extent: Range<Int64>?

    /// Opens the file. Throws if it is neither a regular file nor a block device.
    package init(path: String) throws(DriverError) {
        name = path
        do {
            // O_NONBLOCK: a named pipe must not keep us waiting for a writer.
            file = try FileDescriptor.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY)
            before = try file.status()
        } catch {
            throw DriverError("read", "the image \(quoted(path))", error)
        }
        guard before.isRegularFile || before.isBlockDevice else {
            throw readError(path, cause: "it is \(before.kind)", remedy: "name a regular file or a block device")
        }
        var deviceSize: UInt64 = 0
        if before.isBlockDevice, cposix_block_device_size(file.number, &deviceSize) != 0 {
            throw DriverError("read", "the image \(quoted(path))", SystemError("ioctl", path))
        }
        size = before.isBlockDevice ? Int64(clamping: deviceSize) : before.size
        posix_fadvise(file.number, 0, 0, POSIX_FADV_SEQUENTIAL)
    }

    /// Returns the path of the open file, without links, as the kernel knows it: proc_pid_fd(5).
    package func resolvedPath() throws(SystemError) -> String { try Posix.resolvedPath("/proc/self/fd/\(file.number)") }

    package var length: UInt64? { UInt64(size) }
    package var storageSize: UInt64? { UInt64(before.isBlockDevice ? size : min(size, before.allocatedSize)) }

    package func next(into buffer: UnsafeMutableRawBufferPointer) throws -> Segment {
        guard offset < size else {
            try checkUnchanged()
            return .end
        }
        if extent == nil || offset >= extent!.upperBound {
            let found = try wrapping { () throws(SystemError) in try file.dataExtent(from: offset, size: size) }
            // A hole up to the end is also what is left of a file that has shrunk.
            if found == nil { try checkUnchanged() }
            extent = found ?? size..<size
        }
        let start = min(extent!.lowerBound, size)
        if offset < start {
            defer { offset = start }
            return .hole(UInt64(start - offset))
        }
        // A file that grows meanwhile is noticed at the end; one that shrinks, here.
        let wanted = Int(min(Int64(buffer.count), min(extent!.upperBound, size) - offset))
        let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted])
        let count = try wrapping { () throws(SystemError) in try file.read(into: part, at: offset) }
        offset += Int64(count)
        guard count == wanted else {
            throw readError(
                name, cause: "it ended after \(offset) of \(size) bytes: it shrank while it was read",
                remedy: "leave the image alone until the import has ended")
        }
        return .data(count)
    }

    private func checkUnchanged() throws {
        let after = try wrapping { () throws(SystemError) in try file.status() }
        guard before.isBlockDevice || after.hasSameContent(as: before) else {
            throw readError(
                name, cause: "it was changed while it was read",
                remedy: "leave the image alone until the import has ended")
        }
    }

    private func wrapping<Result>(_ body: () throws(SystemError) -> Result) throws(DriverError) -> Result {
        do { return try body() } catch { throw DriverError("read", "the image \(quoted(name))", error) }
    }
}
