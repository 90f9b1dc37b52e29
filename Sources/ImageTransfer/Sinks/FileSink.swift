import DriverProtocol
import Glibc
import Posix

/// A file in a local directory: blocks of zeros become holes.
package final class FileSink: ImageSink {
    /// The block of zeros that is left out: the block size of the usual file systems.
    private static let blockSize = 4096
    /// The bytes that are written before the disk has to begin with them.
    private static let writebackInterval: Int64 = 16 << 20

    package let name: String
    private let file: PendingFile
    private let names: ImageNames
    private let replaces: Bool
    private let mode: UInt32
    private let log: Log
    /// Nil if everything is written through the page cache.
    private let direct: DirectWriter?
    private var length: Int64 = 0
    private var writtenBack: Int64 = 0

    /// Begins a hidden file in `directory`, which becomes visible under one of `names`. A warning goes to `log` if it
    /// cannot be given its mode.
    ///
    /// - Parameter replaces: whether it replaces the file that has the first of the names.
    package init(
        directory: String, _ names: ImageNames, mode: UInt32, replaces: Bool = false, log: Log
    ) throws(DriverError) {
        name = directory
        self.replaces = replaces
        self.log = log
        self.names = names
        self.mode = mode
        do {
            file = try PendingFile(in: directory)
            direct = DirectWriter(file.descriptor)
        } catch {
            throw DriverError("write", "an image to \(quoted(directory))", error)
        }
    }

    /// Begins a second hidden file, for a program that converts the first one, to be published in its place. The
    /// program determines its length.
    package init(convertedFrom other: FileSink) throws(DriverError) {
        name = other.name
        names = other.names
        replaces = other.replaces
        mode = other.mode
        log = other.log
        do {
            file = try PendingFile(companionOf: other.file)
            direct = nil
        } catch {
            throw DriverError("write", "an image to \(quoted(other.name))", error)
        }
    }

    /// Returns its first bytes, `count` of them at most.
    package func head(_ count: Int) throws -> [UInt8] {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 16)
        defer { buffer.deallocate() }
        let read = try wrapping { () throws(SystemError) in try file.descriptor.read(into: buffer, at: 0) }
        return Array(buffer[..<read])
    }

    /// The temporary path, for programs that read or replace the file.
    package var path: String { file.path }
    /// The number of bytes that have come, holes included.
    package var size: UInt64 { UInt64(length) }

    package func write(_ bytes: UnsafeRawBufferPointer) throws {
        try ZeroRuns(bytes: bytes, unit: Self.blockSize).forEach { run in
            if direct?.write(run, at: length) != true {
                try wrapping { () throws(SystemError) in try file.descriptor.writeAll(run, at: length) }
            }
            length += Int64(run.count)
        } zeros: { count in
            length += Int64(count)
        }
        if length - writtenBack >= Self.writebackInterval {
            file.descriptor.startWriteback(offset: writtenBack, length: length - writtenBack)
            writtenBack = length
        }
    }

    package func skip(_ count: UInt64) throws {
        length = Int64(try imageLength(size, and: count, of: "an image to \(quoted(name))"))
    }

    /// Gives the file its full length if it ends in a hole.
    package func finishLength() throws {
        try wrapping { () throws(SystemError) in try file.descriptor.truncate(to: length) }
    }

    /// Gives its holes room: posix_fallocate(3). Does nothing on a file system that cannot do so.
    package func allocate() throws {
        let size = try wrapping { () throws(SystemError) in try file.descriptor.status().size }
        guard size > 0 else { return }
        let code = posix_fallocate(file.descriptor.number, 0, off_t(size))
        guard code == ENOSPC || code == EDQUOT || code == EFBIG || code == EIO else { return }
        throw DriverError(
            "write", "an image to \(quoted(name))", SystemError("posix_fallocate", file.path, code: code))
    }

    package func publish() throws -> String {
        if length > 0 { try finishLength() }
        let published = try wrapping { () throws(SystemError) in try place() }
        if let failure = file.modeFailure {
            log.warning(modeWarning(published, in: name, mode: mode, cause: failure.cause))
        }
        return published
    }

    private func place() throws(SystemError) -> String {
        guard replaces, let name = names.first(where: { _ in true }) else {
            return try file.publish(as: names, mode: mode)
        }
        try file.publish(replacing: name, mode: mode)
        return name
    }

    package func discard() {
        file.discard()
    }

    private func wrapping<Result>(_ body: () throws(SystemError) -> Result) throws(DriverError) -> Result {
        do { return try body() } catch { throw DriverError("write", "an image to \(quoted(name))", error) }
    }
}
