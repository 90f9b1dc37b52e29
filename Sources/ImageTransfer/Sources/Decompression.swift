import Checksums
import DriverProtocol
import Glibc
import Posix

/// The compressions of image files, each undone by its own well-known program.
public enum Compression: String, CaseIterable, Sendable {
    case gzip, bzip2, xz, zstd

    /// The bytes that a file so compressed begins with.
    var magic: [UInt8] {
        switch self {
        case .gzip: [0x1F, 0x8B, 0x08]
        case .bzip2: Array("BZh".utf8)
        case .xz: [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00]
        case .zstd: [0x28, 0xB5, 0x2F, 0xFD]
        }
    }

    /// The program's name, which is also the compression's.
    public var program: String { rawValue }

    /// Debian's package that has the program.
    var package: String {
        switch self {
        case .xz: "xz-utils"
        default: rawValue
        }
    }

    /// The compression of a file by its first bytes; nil where it has none that is known.
    public init?(magic head: [UInt8]) {
        guard let found = Self.allCases.first(where: { head.starts(with: $0.magic) }) else { return nil }
        // "BZh" alone may begin any text: a block size and a block's own magic follow.
        if found == .bzip2 {
            let marks: [[UInt8]] = [[0x31, 0x41, 0x59, 0x26, 0x53, 0x59], [0x17, 0x72, 0x45, 0x38, 0x50, 0x90]]
            guard head.count >= 10, (0x31...0x39).contains(head[3]), marks.contains(Array(head[4..<10])) else {
                return nil
            }
        }
        self = found
    }
}

/// A source whose first bytes have been looked at.
final class HeadSource: ImageSource {
    private static let headSize = 512

    let head: [UInt8]
    private let source: any ImageSource
    private var pending: [Segment]

    init(_ source: any ImageSource) throws {
        self.source = source
        var head = [UInt8](repeating: 0, count: Self.headSize)
        var count = 0
        var after: Segment?
        while count < Self.headSize, after == nil {
            let segment = try head.withUnsafeMutableBytes { bytes in
                try source.next(into: UnsafeMutableRawBufferPointer(rebasing: bytes[count...]))
            }
            if case .data(let more) = segment { count += more } else { after = segment }
        }
        self.head = Array(head[..<count])
        pending = (count > 0 ? [.data(count)] : []) + (after.map { [$0] } ?? [])
    }

    var name: String { source.name }
    var length: UInt64? { source.length }
    var storageSize: UInt64? { source.storageSize }

    func next(into buffer: UnsafeMutableRawBufferPointer) throws -> Segment {
        guard let segment = pending.first else { return try source.next(into: buffer) }
        if segment != .end { pending.removeFirst() }
        if case .data = segment { buffer.copyBytes(from: head) }
        return segment
    }

    func lend() throws -> LentBytes? { pending.isEmpty ? try source.lend() : nil }
}

/// A source's bytes as its decompressor prints them. A thread feeds the program and digests what it feeds.
final class DecompressingSource: ImageSource {
    private struct Feeding {
        var result: Result<[Digest.Algorithm: String], any Error>?
    }

    private let source: any ImageSource
    private let compression: Compression
    private let child: Child
    private let feeding = Monitor(Feeding())
    private var thread: Thread?

    init(_ source: any ImageSource, _ compression: Compression, digests: [Digest]) throws {
        self.source = source
        self.compression = compression
        do {
            child = try Child([compression.program, "-dc"], input: .pipe)
        } catch {
            throw DriverError(
                "decompress", "the image \(quoted(source.name))", cause: "\(compression.program): \(error.cause)",
                remedy: "install the package \(compression.package)")
        }
        let feeder = Feeder(source: source, input: child.input!, digests: digests)
        child.closeInput()
        thread = Thread { [feeding] in
            let result = Result { try feeder.run() }
            feeding.update { $0.result = result }
        }
    }

    deinit {
        guard let thread else { return }
        // Nobody reads on: without the program, the feeder ends at its next write.
        child.terminate()
        thread.join()
    }

    var name: String { source.name }
    var length: UInt64? { nil }
    var storageSize: UInt64? { nil }

    func next(into buffer: UnsafeMutableRawBufferPointer) throws -> Segment {
        let count = try child.output!.readAvailable(into: buffer)
        if count > 0 { return .data(count) }
        _ = try sourceDigests()
        return .end
    }

    /// The digests of the compressed bytes. Throws where the source or the program failed.
    func sourceDigests() throws -> [Digest.Algorithm: String] {
        thread?.join()
        thread = nil
        let status = child.reap()
        let complaint = child.lastComplaint()
        let fed = feeding.wait { $0.result }
        // A source that broke makes the program fail too: its own error tells more.
        if case .failure(let error) = fed, !(error is BrokenPipe) { throw error }
        guard status.isSuccess, case .success(let digests) = fed else {
            throw DriverError(
                "decompress", "the image \(quoted(source.name))",
                cause: "\(compression.program) failed: \(complaint ?? status.description)",
                remedy: "check the file for damage, or set NO_DECOMPRESS=\"YES\" in the datastore to keep it as it is")
        }
        return digests
    }

    /// The program closed its input before the source's end.
    private struct BrokenPipe: Error {}

    /// What the feeding thread works with; nobody else touches it.
    private struct Feeder: @unchecked Sendable {
        let source: any ImageSource
        let input: FileDescriptor
        let digests: [Digest]

        func run() throws -> [Digest.Algorithm: String] {
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
            defer { buffer.deallocate() }
            let zeros = [UInt8](repeating: 0, count: 1 << 18)
            while true {
                switch try source.next(into: buffer) {
                case .data(let count):
                    try feed(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                case .hole(var count):
                    while count > 0 {
                        let step = Int(min(count, UInt64(zeros.count)))
                        try zeros[..<step].withUnsafeBytes { try feed($0) }
                        count -= UInt64(step)
                    }
                case .end:
                    return Dictionary(uniqueKeysWithValues: digests.map { ($0.algorithm, $0.finish()) })
                }
            }
        }

        private func feed(_ bytes: UnsafeRawBufferPointer) throws {
            for digest in digests { digest.update(bytes) }
            do {
                try input.writeWaiting(bytes)
            } catch let error as SystemError where error.code == EPIPE {
                throw BrokenPipe()
            }
        }
    }
}
