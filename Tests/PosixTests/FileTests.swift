import Foundation
import Glibc
import Posix
import TestSupport
import Testing

@Suite struct FileTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test func tellsTheStatus() throws {
        let path = try directory.write("file", [UInt8](repeating: 1, count: 5_000), mode: 0o640)
        symlink(path, directory.path("link"))
        link(path, directory.path("second"))
        let status = try FileStatus(path: path)
        #expect(status.isRegularFile && !status.isDirectory && !status.isBlockDevice)
        #expect(status.size == 5_000 && status.linkCount == 2 && status.mode & 0o777 == 0o640)
        #expect(try FileStatus(path: directory.path("link")) == status)
        #expect(try FileStatus(path: directory.path("link"), followLinks: false).kind == "a symbolic link")
        #expect(try FileDescriptor.open(path, O_RDONLY).status() == status)
        #expect(try FileStatus(path: "/dev/null").kind == "a character device")
        #expect(try FileStatus(path: directory.path).kind == "a directory")
        let error = try #require(throws: SystemError.self) { _ = try FileStatus(path: directory.path("none")) }
        #expect(error.description == "stat '\(directory.path("none"))': No such file or directory")
    }

    @Test func tellsTheSpace() throws {
        let space = try FileSystemSpace(of: directory.path)
        #expect(space.total > 0 && space.used + space.available <= space.total)
        #expect(throws: SystemError.self) { _ = try FileSystemSpace(of: directory.path("none")) }
    }

    @Test func readsAndWritesAtOffsets() throws {
        let file = try FileDescriptor.open(directory.path("file"), O_RDWR | O_CREAT)
        try [UInt8]("world".utf8).withUnsafeBytes { try file.writeAll($0, at: 6) }
        try [UInt8]("hello ".utf8).withUnsafeBytes { try file.writeAll($0, at: 0) }
        var buffer = [UInt8](repeating: 0, count: 100)
        let count = try buffer.withUnsafeMutableBytes { try file.read(into: $0, at: 4) }
        #expect(String(decoding: buffer[..<count], as: UTF8.self) == "o world")
        try file.truncate(to: 3)
        #expect(try file.readToEnd(limit: 3) == Array("hel".utf8))
        #expect(try FileStatus(path: directory.path("file")).mode & 0o777 == 0o600)
    }

    @Test(arguments: [(0, true), (99_999, true), (100_000, true), (100_001, false)])
    func readsNoMoreThanTheLimit(_ size: Int, _ isRead: Bool) throws {
        let path = try directory.write("file", [UInt8](repeating: 7, count: size))
        #expect(try FileDescriptor.open(path, O_RDONLY).readToEnd(limit: 100_000)?.count == (isRead ? size : nil))
        #expect(
            try FileDescriptor.open(path, O_RDONLY).readToEndWaiting(limit: 100_000)?.count == (isRead ? size : nil))
    }

    /// The expected holes are those that the file system really keeps: not all of them do.
    @Test func findsTheDataOfASparseFile() throws {
        let unit: Int64 = 1 << 20
        let file = try FileDescriptor.open(directory.path("sparse"), O_RDWR | O_CREAT)
        let block = [UInt8](repeating: 1, count: Int(unit))
        for place in [1, 2, 5] as [Int64] {
            try block.withUnsafeBytes { try file.writeAll($0, at: place * unit) }
        }
        try file.truncate(to: 8 * unit)
        try file.synchronize()
        #expect(try file.dataExtent(from: 0, size: 8 * unit) == unit..<3 * unit)
        #expect(try file.dataExtent(from: unit + 5, size: 8 * unit) == unit + 5..<3 * unit)
        #expect(try file.dataExtent(from: 3 * unit, size: 8 * unit) == 5 * unit..<6 * unit)
        #expect(try file.dataExtent(from: 6 * unit, size: 8 * unit) == nil)
        #expect(try file.dataExtent(from: 8 * unit, size: 8 * unit) == nil)
        #expect(try file.dataExtent(from: 9 * unit, size: 8 * unit) == nil)
        // The file has grown since its size was asked for.
        #expect(try file.dataExtent(from: 0, size: 2 * unit) == unit..<2 * unit)
        #expect(try file.dataExtent(from: 3 * unit, size: 4 * unit) == nil)
        let status = try file.status()
        #expect(status.size == 8 * unit && status.allocatedSize < 4 * unit)
        #expect(try Posix.Pipe().reading.dataExtent(from: 2, size: 9) == 2..<9)
    }

    @Test func locksOnce() throws {
        let path = try directory.write("file", [])
        var holder: FileDescriptor? = try FileDescriptor.open(path, O_RDWR)
        let other = try FileDescriptor.open(path, O_RDWR)
        #expect(holder?.tryLock() == true)
        #expect(!other.tryLock())
        holder = nil
        #expect(other.tryLock())
    }

    @Test func copiesAreOfTheSameFile() throws {
        let pipe = try Posix.Pipe()
        let copy = try pipe.writing.copy(from: 100)
        #expect(copy.number >= 100)
        try [UInt8]("x".utf8).withUnsafeBytes { try copy.writeAll($0) }
        var byte: UInt8 = 0
        #expect(read(pipe.reading.number, &byte, 1) == 1 && byte == UInt8(ascii: "x"))
    }

    @Test func waitsAtAPipe() throws {
        let pipe = try Posix.Pipe()
        let bytes = (0..<500_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        for end in [pipe.reading, pipe.writing] { end.setNonBlocking() }
        let writing = pipe.writing
        let writer = Posix.Thread { try? bytes.withUnsafeBytes { try writing.writeWaiting($0) } }
        var read: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 10_000)
        while read.count < bytes.count {
            usleep(100)
            let count = try chunk.withUnsafeMutableBytes { try pipe.reading.readAvailable(into: $0) }
            read += chunk[..<count]
        }
        writer.join()
        #expect(read == bytes)
    }

    @Test func aBrokenPipeIsAnError() throws {
        let writing = try Posix.Pipe().writing
        let error = try #require(throws: SystemError.self) {
            try [1].withUnsafeBytes { try writing.writeAll($0) }
        }
        #expect(error.code == EPIPE)
    }
}
