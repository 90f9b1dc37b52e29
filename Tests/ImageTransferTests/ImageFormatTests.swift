import DriverProtocol
import Foundation
import Glibc
import Posix
import TestSupport
import Testing

@testable import ImageTransfer

@Suite struct ImageFormatTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func head(_ path: String) throws -> [UInt8] {
        Array([UInt8](try Data(contentsOf: URL(filePath: path))).prefix(QcowHeader.size))
    }

    /// Options of qemu-img, and the flags of the header then: backing file, data file.
    @Test(arguments: [
        (["-o", "compat=0.10"], false, false), (["-o", "compat=1.1"], false, false),
        (["-o", "compat=0.10", "-b", "base", "-F", "raw"], true, false), (["-b", "base", "-F", "raw"], true, false),
        (["-o", "data_file=data,data_file_raw=on"], false, true), (["-o", "data_file=data"], false, true),
        (["-o", "lazy_refcounts=on,cluster_size=2M"], false, false), (["-o", "extended_l2=on"], false, false),
        (["-o", "compression_type=zstd"], false, false),
    ])
    func readsTheHeadersThatQemuWrites(_ options: [String], _ backing: Bool, _ data: Bool) throws {
        let path = directory.path("image")
        try directory.write("base", [UInt8](repeating: 1, count: 4096))
        for size in [512, 1 << 20, 5_368_709_632] as [UInt64] {
            try TestFiles.succeed(
                ["env", "-C", directory.path, "qemu-img", "create", "-q", "-f", "qcow2"] + options + [path, "\(size)"])
            let header = try #require(try QcowHeader(head(path)))
            #expect(header.virtualSize == size)
            #expect(header.hasBackingFile == backing && header.hasDataFile == data)
            // Both readers agree, and both refuse an image that is not whole.
            let readers: [() throws -> ImageDescription?] = [
                { try ImageDescription(format: "qcow2", head: head(path), length: 1, name: path) },
                { try QemuImage.describe(path, format: "qcow2") },
            ]
            for reader in readers {
                if backing || data {
                    let error = try #require(throws: DriverError.self) { try reader() }
                    #expect(error.cause.hasPrefix(backing ? "it has a backing file" : "it has an external data file"))
                } else {
                    #expect(try reader() == ImageDescription(format: "qcow2", virtualSize: size))
                }
            }
            unlinkAll()
        }
    }

    private func unlinkAll() {
        for name in ["image", "data"] { try? FileManager.default.removeItem(atPath: directory.path(name)) }
    }

    @Test func aHeaderThatIsNoneIsRefused() throws {
        let path = try TestFiles.makeImage(directory.path("image"), format: "qcow2", size: "1M")
        let good = try head(path)
        #expect(QcowHeader(good) != nil && QcowHeader(good[..<80]) != nil)
        var bad: [[UInt8]] = [[], [0x51], Array(good[..<71]), [UInt8](repeating: 0, count: 104)]
        for (offset, byte) in [(0, 0x52), (3, 0xFA), (7, 1), (7, 0)] as [(Int, UInt8)] {
            var changed = good
            changed[offset] = byte
            bad.append(changed)
        }
        for bytes in bad {
            #expect(QcowHeader(bytes) == nil)
            let error = try #require(throws: DriverError.self) {
                try ImageDescription(format: "qcow2", head: bytes, length: 1, name: "x")
            }
            #expect(error.cause.contains("its content is not"))
        }
    }

    /// Options of qemu-img, the header's offset that gets other bytes, and whether an image with it is refused: by
    /// QEMU, and by its header alone.
    @Test(
        arguments: [
            ("compat=1.1", 4, [0, 0, 0, 4], true), ("compat=1.1", 20, [0, 0, 0, 8], true),
            ("compat=1.1", 20, [0, 0, 0, 22], true), ("compat=1.1", 20, [0xFF, 0xFF, 0xFF, 0xFF], true),
            ("compat=1.1", 20, [0, 0, 0, 15], false), ("compat=1.1", 24, [0x7F], true),
            ("compat=1.1", 24, [0xFF], true),
            ("compat=1.1", 24, [0, 0, 0, 0, 0, 0, 0, 0], false), ("compat=1.1", 35, [3], true),
            ("compat=1.1", 36, [0xFF], true), ("compat=1.1", 36, [0, 0, 0, 0], true),
            ("compat=1.1", 36, [0, 0x10], false),
            ("compat=1.1", 40, [0x80], true), ("compat=1.1", 47, [1], true), ("compat=1.1", 48, [0xFF], true),
            ("compat=1.1", 56, [0, 0, 0, 0], true), ("compat=1.1", 56, [0xFF], true), ("compat=1.1", 60, [0xFF], true),
            ("compat=1.1", 64, [0xFF], true), ("compat=1.1", 72, [1], true), ("compat=1.1", 79, [0x20], true),
            ("compat=1.1", 79, [3], false), ("compat=1.1", 80, [0xFF], false), ("compat=1.1", 99, [7], true),
            ("compat=1.1", 100, [0, 0, 0, 72], true), ("compat=1.1", 100, [0xFF], true),
            ("compat=0.10", 80, [0xFF, 0xFF, 0xFF, 0xFF], false), ("compat=0.10", 20, [0, 0, 0, 8], true),
            ("cluster_size=512", 36, [0, 0, 0, 0], true), ("extended_l2=on", 36, [0, 0, 0, 0], true),
        ] as [(String, Int, [UInt8], Bool)])
    func refusesTheHeadersThatQemuRefuses(_ options: String, _ offset: Int, _ bytes: [UInt8], _ isRefused: Bool) throws
    {
        let path = directory.path("image")
        try TestFiles.succeed(["qemu-img", "create", "-q", "-f", "qcow2", "-o", options, path, "9M"])
        try bytes.withUnsafeBytes { try FileDescriptor.open(path, O_WRONLY).writeAll($0, at: Int64(offset)) }
        #expect(((try? QemuImage.describe(path, format: "qcow2")) == nil) == isRefused)
        let header = try #require(try QcowHeader(head(path)))
        #expect((header.damage != nil) == isRefused, "\(header.damage ?? "")")
        // Version 2 ends earlier.
        let isLong = options != "compat=0.10"
        let cut = try QcowHeader(head(path)[..<103])
        #expect(isRefused || (cut?.damage != nil) == isLong)
    }

    @Test func rawIsRawWhateverItsContent() throws {
        let path = try TestFiles.makeImage(directory.path("image"), format: "qcow2", size: "1G")
        let raw = try ImageDescription(format: "raw", head: head(path), length: 12345, name: path)
        #expect(raw == ImageDescription(format: "raw", virtualSize: 12345))
        #expect(try ImageDescription(format: "vmdk", head: head(path), length: 1, name: path) == nil)
    }

    @Test(arguments: ["raw", "qcow2", "vmdk", "vdi", "vhdx", "qed", "vpc"])
    func describesWhatQemuMakes(_ format: String) throws {
        let path = try TestFiles.makeImage(directory.path("image"), format: format, size: "8M")
        for given in format == "raw" ? [format] : [format, nil] {
            let image = try QemuImage.describe(path, format: given)
            #expect(image.format == format && image.virtualSize >= 8 << 20 && image.virtualSize < 9 << 20)
        }
    }

    @Test(arguments: [("raw", "qcow2"), ("qcow2", "raw"), ("qcow2", "vmdk")])
    func converts(_ from: String, _ to: String) throws {
        let content = try directory.write("content", TestFiles.noise(1 << 20))
        let (path, target) = (directory.path("image"), directory.path("-target"))
        try TestFiles.succeed(["qemu-img", "convert", "-f", "raw", "-O", from, content, path])
        try QemuImage.convert(path, from: from, to: target, in: to)
        #expect(try run(["qemu-img", "compare", "-q", "-f", from, "-F", to, path, target]).status.isSuccess)
    }

    @Test(arguments: [
        ("missing", "raw", "No such file or directory"), ("text", "qcow2", "not in qcow2 format"),
        ("text", "nosuch", "Unknown driver"), (".", "raw", "regular file"),
    ])
    func tellsWhatQemuSays(_ name: String, _ format: String, _ reason: String) throws {
        try directory.write("text", "text".utf8)
        let error = try #require(throws: DriverError.self) {
            try QemuImage.describe(directory.path(name), format: format)
        }
        #expect(error.operation == "run qemu-img info on" && error.cause.contains(reason))
    }

    @Test func readsFormatNamesThatQemuCouldKnow() {
        for name in ["raw", "qcow2", "vhdx", "host-device"] { #expect(ImageDescription.isFormatName(name)) }
        for name in ["", "RAW", "a b", "raw,file=x", "../x", "é", String(repeating: "a", count: 33)] {
            #expect(!ImageDescription.isFormatName(name))
        }
    }

    /// Bytes, total, seconds, and the text about them.
    @Test(
        arguments: [
            (0, 0, 1.0, "copying 'x': 0 of 0 MiB, 0 MiB/s"), (0, nil, 1.0, "copying 'x': 0 MiB, 0 MiB/s"),
            (100 << 20, 400 << 20, 2.0, "copying 'x': 100 of 400 MiB, 50 MiB/s, 7 s left"),
            (400 << 20, 400 << 20, 2.0, "copying 'x': 400 of 400 MiB, 200 MiB/s"),
            (100 << 20, nil, 2.0, "copying 'x': 100 MiB, 50 MiB/s"),
            (500 << 20, 400 << 20, 1.0, "copying 'x': 500 of 400 MiB, 500 MiB/s"),
            (1_800_000, 3 << 20, 2.0, "copying 'x': 1.7 of 3 MiB, 0.8 MiB/s, 2 s left"),
            (1, 5 << 40, 0.0, "copying 'x': 0 of 5242880 MiB, 0 MiB/s, 5497558139 s left"),
        ] as [(UInt64, UInt64?, Double, String)])
    func tellsHowFarItIs(_ done: UInt64, _ total: UInt64?, _ seconds: Double, _ text: String) {
        let progress = Progress("copying 'x'", total: total, log: silent)
        progress.advance(done)
        #expect(progress.describe(seconds: seconds) == text)
    }

    @Test(arguments: [(0, 0), (1, 1), (1 << 20, 1), ((1 << 20) + 1, 2), (.max, 1 << 44)] as [(UInt64, UInt64)])
    func countsMegabytesUp(_ bytes: UInt64, _ expected: UInt64) {
        #expect(bytes.megabytesRoundedUp == expected)
    }
}
