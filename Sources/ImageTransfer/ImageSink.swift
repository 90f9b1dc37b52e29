import DriverProtocol
import Posix

/// Where an image's bytes go, in order. Nothing is visible before ``publish(as:mode:)``; a sink that is dropped before
/// that removes what it has written.
public protocol ImageSink: AnyObject {
    /// What errors call it: the directory, and the host where it is a remote one.
    var name: String { get }
    /// Appends bytes. Throws ``DriverError`` or `Interrupted`.
    func write(_ bytes: UnsafeRawBufferPointer) throws
    /// Appends zeros that take no room.
    func skip(_ count: UInt64) throws
    /// Makes the image durable and visible under the first of `names` that is free, and answers that name.
    func publish(as names: some Sequence<String>, mode: UInt32) throws -> String
    /// Removes what has been written.
    func discard()
}

/// A sink that has to compute the MD5 of what passes, and whose memory can be filled without a copy.
public protocol DigestingSink: ImageSink {
    /// Where the next bytes go: never empty. Throws as ``write(_:)`` does.
    func room() throws -> UnsafeMutableRawBufferPointer
    /// `count` bytes have been put at the beginning of ``room()``.
    func advance(_ count: Int)
    /// The MD5 of all that was written, in hexadecimal digits; nothing may be written afterwards.
    func finishMD5() -> String
}

/// Names for a new image: `md5("<epoch>:<id>")`, as the stock drivers call it, and further ones, each with a count
/// behind it, for where that is taken.
public func imageNames(id: String, epoch: Int) -> some Sequence<String> {
    (0..<1000).lazy.compactMap { count in
        try? Digest.of(count == 0 ? "\(epoch):\(id)" : "\(epoch):\(id):\(count)", .md5)
    }
}

/// Divides bytes into runs that are zeros throughout and runs that are not, on multiples of `unit`.
struct ZeroRuns {
    let bytes: UnsafeRawBufferPointer
    let unit: Int

    /// Calls `data` and `zeros` for the runs, in order.
    func forEach(
        data: (UnsafeRawBufferPointer) throws -> Void, zeros: (Int) throws -> Void
    ) rethrows {
        var start = 0
        while start < bytes.count {
            let isZero = isZero(at: start)
            var end = min(start + unit, bytes.count)
            while end < bytes.count, self.isZero(at: end) == isZero { end = min(end + unit, bytes.count) }
            if isZero {
                try zeros(end - start)
            } else {
                try data(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
            }
            start = end
        }
    }

    private func isZero(at start: Int) -> Bool {
        let end = min(start + unit, bytes.count)
        var position = start
        while position + 8 <= end {
            if bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self) != 0 { return false }
            position += 8
        }
        while position < end {
            if bytes[position] != 0 { return false }
            position += 1
        }
        return true
    }
}

/// A file in a local directory: blocks of zeros become holes.
public final class FileSink: ImageSink {
    /// The block of zeros that is left out: the block size of the usual file systems.
    private static let blockSize = 4096
    /// How much is written before the disk is told to begin with it.
    private static let writebackInterval: Int64 = 16 << 20

    public let name: String
    private let file: PendingFile
    /// Nil where all is written by way of the page cache.
    private let direct: DirectWriter?
    private var length: Int64 = 0
    private var writtenBack: Int64 = 0

    /// Begins a hidden file in `directory`.
    public init(directory: String) throws(DriverError) {
        name = directory
        do {
            file = try PendingFile(in: directory)
            direct = DirectWriter(file.descriptor)
        } catch {
            throw DriverError("write", "an image to \(quoted(directory))", error)
        }
    }

    /// Begins a second hidden file, for a program that converts the first one; its length is the program's business.
    public init(convertedFrom other: FileSink) throws(DriverError) {
        name = other.name
        do {
            file = try PendingFile(companionOf: other.file)
            direct = nil
        } catch {
            throw DriverError("write", "an image to \(quoted(other.name))", error)
        }
    }

    /// Its first bytes, `count` of them at the most.
    public func head(_ count: Int) throws -> [UInt8] {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 16)
        defer { buffer.deallocate() }
        let read = try wrapping { () throws(SystemError) in try file.descriptor.read(into: buffer, at: 0) }
        return Array(buffer[..<read])
    }

    /// The temporary path, for programs that read or replace the file.
    public var path: String { file.path }
    /// How many bytes have come, holes included.
    public var size: UInt64 { UInt64(length) }

    public func write(_ bytes: UnsafeRawBufferPointer) throws {
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

    public func skip(_ count: UInt64) throws {
        length += Int64(count)
    }

    /// Gives the file its full length, where it ends in a hole.
    public func finishLength() throws {
        try wrapping { () throws(SystemError) in try file.descriptor.truncate(to: length) }
    }

    public func publish(as names: some Sequence<String>, mode: UInt32) throws -> String {
        if length > 0 { try finishLength() }
        return try wrapping { () throws(SystemError) in try file.publish(as: names, mode: mode) }
    }

    public func discard() {
        file.discard()
    }

    private func wrapping<Result>(_ body: () throws(SystemError) -> Result) throws(DriverError) -> Result {
        do { return try body() } catch { throw DriverError("write", "an image to \(quoted(name))", error) }
    }
}
