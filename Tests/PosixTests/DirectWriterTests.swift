import Foundation
import Glibc
import TestSupport
import Testing

@testable import Posix

/// Writes past the page cache. If the file system of the temporary directory does not support them, there is no writer,
/// and these tests check that.
@Suite final class DirectWriterTests {
    private let directory: TemporaryDirectory
    private let file: FileDescriptor
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4 << 20, alignment: 4096)

    init() throws {
        directory = try TemporaryDirectory()
        file = try FileDescriptor.open(directory.path("file"), O_RDWR | O_CREAT)
        buffer.copyBytes(from: TestFiles.noise(buffer.count))
    }

    deinit { buffer.deallocate() }

    private func bytes(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: buffer[range])
    }

    @Test func thereIsOneOnBlockDevicesOnly() throws {
        #expect((DirectWriter(file) != nil) == (try file.status().isOnBlockDevice))
        let inMemory = try FileDescriptor.open("/proc/self/mounts", O_RDONLY)
        #expect(!(try inMemory.status().isOnBlockDevice))
        #expect(DirectWriter(inMemory) == nil)
    }

    /// Ranges of the buffer, the offsets at which they are written, and whether that goes past the page cache.
    @Test(
        arguments: [
            (0..<1 << 20, 0, true), (4096..<135_168, 1 << 20, true), (0..<131_072, 4096, true),
            (0..<126_976, 0, false), (0..<1 << 20, 512, false), (1..<1_048_577, 0, false), (0..<1_048_575, 0, false),
            (0..<0, 0, false),
        ] as [(Range<Int>, Int64, Bool)])
    func writesWhatIsAlignedAndLong(_ range: Range<Int>, _ offset: Int64, _ isDirect: Bool) throws {
        let writer = DirectWriter(file)
        let isWritten = writer?.write(bytes(range), at: offset) ?? false
        #expect(isWritten == (isDirect && writer != nil))
        let length = Int64(range.count) + offset
        #expect(try file.status().size == (isWritten ? length : 0))
        if isWritten {
            var read = [UInt8](repeating: 0, count: range.count)
            #expect(try read.withUnsafeMutableBytes { try file.read(into: $0, at: offset) } == range.count)
            #expect(read.elementsEqual(bytes(range)))
        }
    }

    /// Both ways by turns, over and beside one another.
    @Test func agreesWithThePageCache() throws {
        var random = SeededGenerator.fresh()
        let writer = DirectWriter(file)
        var expected = [UInt8](repeating: 0, count: 8 << 20)
        for _ in 0..<200 {
            let unit = random.pick([1, 4096])
            let start = random.below(3 << 20) / unit * unit
            let count = random.below(1 << 20) / unit * unit
            let offset = random.below(7 << 20) / unit * unit
            let part = bytes(start..<start + count)
            if writer?.write(part, at: Int64(offset)) != true { try file.writeAll(part, at: Int64(offset)) }
            expected.replaceSubrange(offset..<offset + count, with: part)
        }
        try file.truncate(to: Int64(expected.count))
        try file.synchronize()
        #expect(try Data(contentsOf: URL(filePath: file.name)) == Data(expected), "TEST_SEED=\(random.seed)")
    }

    @Test func leavesASlowDiskToThePageCache() throws {
        guard let writer = DirectWriter(file) else {
            #expect(try !file.status().isOnBlockDevice)
            return
        }
        writer.count(32 << 20, seconds: 0.05)
        #expect(writer.write(bytes(0..<1 << 20), at: 0))
        // The bytes after a slow interval are left to it, twice as many each time; then comes another try.
        for mebibytes in [128, 256] {
            writer.count(16 << 20, seconds: 0.1)
            writer.count(16 << 20, seconds: 0.1)
            for _ in 0..<mebibytes { #expect(!writer.write(bytes(0..<1 << 20), at: 0)) }
            #expect(writer.write(bytes(0..<1 << 20), at: 0))
        }
    }

    /// The caller's own write has the error.
    @Test func leavesWhatFailsToTheCaller() throws {
        guard let writer = DirectWriter(file) else {
            #expect(try !file.status().isOnBlockDevice)
            return
        }
        #expect(!writer.write(bytes(0..<1 << 20), at: .max - (.max % 4096)))
        #expect(!writer.write(bytes(0..<1 << 20), at: 0))
        #expect(try file.status().size == 0)
    }
}
