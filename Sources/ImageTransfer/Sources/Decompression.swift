import Checksums
import DriverProtocol
import Glibc
import Posix

/// The compressions of image files, each undone by its own well-known program.
package enum Compression: String, CaseIterable, Sendable {
    case gzip, bzip2, xz, zstd, lz4

    /// What tells that a file is so compressed, from its first bytes on.
    private func begins(_ head: ArraySlice<UInt8>) -> Bool {
        let bytes = Array(head.prefix(10))
        switch self {
        case .gzip: return bytes.starts(with: [0x1F, 0x8B, 0x08])
        case .bzip2:
            // "BZh" alone may begin any text: a block size and a block's own magic follow.
            let marks: [[UInt8]] = [[0x31, 0x41, 0x59, 0x26, 0x53, 0x59], [0x17, 0x72, 0x45, 0x38, 0x50, 0x90]]
            return bytes.count == 10 && bytes.starts(with: "BZh".utf8) && (0x31...0x39).contains(bytes[3])
                && marks.contains(Array(bytes[4...]))
        case .xz: return bytes.starts(with: [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00])
        case .zstd:
            // Those of the versions before 0.8, too.
            return bytes.count >= 4 && bytes[1..<4].elementsEqual([0xB5, 0x2F, 0xFD])
                && (bytes[0] == 0x1E || (0x22...0x28).contains(bytes[0]))
        case .lz4: return [[0x04, 0x22, 0x4D, 0x18], [0x02, 0x21, 0x4C, 0x18]].contains { bytes.starts(with: $0) }
        }
    }

    /// The program's name, which is also the compression's.
    package var program: String { rawValue }

    /// What makes it decompress its standard input to its standard output.
    var arguments: [String] {
        // Distances that zstd(1) writes where it is asked for them, and reads only then: at most 2 GiB of memory.
        self == .zstd ? ["-dc", "--long=31"] : ["-dc"]
    }

    /// Debian's package that has the program.
    var package: String {
        switch self {
        case .xz: "xz-utils"
        default: rawValue
        }
    }

    /// Whether a program that has so ended has decompressed everything. A status of 2 is a warning of gzip(1) and xz(1),
    /// of bytes behind the stream mostly; to bzip2(1) it is damage.
    package func isComplete(_ status: ExitStatus) -> Bool {
        status.isSuccess || [.gzip, .xz].contains(self) && status == .exited(2)
    }

    /// The compression of a file by its first bytes; nil where it has none that is known.
    package init?(magic head: [UInt8]) {
        let (frame, hasSkipped) = Self.behindSkippableFrames(head)
        // Only these know such frames. Where the first one that holds data is out of sight, zstd's is the likelier.
        let candidates = hasSkipped ? [.zstd, .lz4] : Self.allCases
        let standard: Compression? = hasSkipped && frame.count < 4 ? .zstd : nil
        guard let found = candidates.first(where: { $0.begins(frame) }) ?? standard else { return nil }
        self = found
    }

    /// What lies behind the frames of a file's beginning that hold no data, and whether there are such: RFC 8878, section
    /// 3.1.2. pzstd(1) writes one.
    private static func behindSkippableFrames(_ head: [UInt8]) -> (rest: ArraySlice<UInt8>, hasSkipped: Bool) {
        var rest = head[...]
        while rest.count >= 8, rest.first.map({ $0 & 0xF0 }) == 0x50,
            rest.dropFirst().starts(with: [0x2A, 0x4D, 0x18])
        {
            let length = rest.dropFirst(4).prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
            rest = rest.dropFirst(8).dropFirst(length)
        }
        return (rest, rest.count < head.count)
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
    var isPatched: Bool { source.isPatched }

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
    private let source: any ImageSource
    private let compression: Compression
    private let log: Log
    private let child: Child
    private let feeder: Feeder
    /// Whether the feeder has come to the source's end, once it has ended.
    private let feeding = Monitor<Result<Bool, any Error>?>(nil)
    private var thread: Thread?
    private var digests: [Digest.Algorithm: String]?

    init(_ source: any ImageSource, _ compression: Compression, digests: [Digest], log: Log) throws {
        self.source = source
        self.compression = compression
        self.log = log
        do {
            child = try Child([compression.program] + compression.arguments, input: .pipe)
        } catch {
            throw DriverError(
                "decompress", "the image \(quoted(source.name))", cause: "\(compression.program): \(error.cause)",
                remedy: "install the package \(compression.package)")
        }
        let feeder = Feeder(source: source, input: child.input!, digests: digests)
        self.feeder = feeder
        child.closeInput()
        thread = Thread { [feeding] in
            let result = Result { try feeder.run() }
            feeding.update { $0 = result }
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

    /// The digests of the compressed bytes, all of them: also of those that the program did not want. Throws where the
    /// source or the program failed.
    func sourceDigests() throws -> [Digest.Algorithm: String] {
        if let digests { return digests }
        thread?.join()
        thread = nil
        let status = child.reap()
        let complaint = child.lastComplaint()
        // A source that broke makes the program fail too: its own error tells more.
        let isAtEnd = try feeding.wait { $0 }.get()
        guard compression.isComplete(status) else {
            throw damage(
                of: source,
                DriverError(
                    "decompress", "the image \(quoted(source.name))",
                    cause: "\(compression.program) failed: \(complaint ?? status.description)",
                    remedy:
                        "check the file for damage, or set NO_DECOMPRESS=\"YES\" in the datastore to keep it as it is"))
        }
        if let complaint {
            log.warning(
                "\(compression.program) says of the image \(quoted(source.name)): \(oneLine(complaint, limit: 200))")
        }
        if !isAtEnd { try feeder.digestRest() }
        let found = feeder.finish()
        digests = found
        return found
    }
}

/// Brings a source's bytes to a program and digests them. One thread after another works with it.
private final class Feeder: @unchecked Sendable {
    private let source: any ImageSource
    private var input: FileDescriptor?
    private let digests: [Digest]
    private let zeros = [UInt8](repeating: 0, count: 1 << 18)
    /// What is still to come of the source's last hole.
    private var hole: UInt64 = 0

    init(source: any ImageSource, input: FileDescriptor, digests: [Digest]) {
        self.source = source
        self.input = input
        self.digests = digests
    }

    /// Feeds the program up to the source's end; false where it has closed its input before.
    func run() throws -> Bool {
        // It reads to the end of its input.
        defer { input = nil }
        return try work { bytes in
            do {
                try input?.writeWaiting(bytes)
                return true
            } catch let error as SystemError where error.code == EPIPE {
                return false
            }
        }
    }

    /// Digests what the program did not want.
    func digestRest() throws {
        _ = try work { _ in
            try Interrupt.check()
            return true
        }
    }

    /// Nothing may come afterwards.
    func finish() -> [Digest.Algorithm: String] {
        Dictionary(uniqueKeysWithValues: digests.map { ($0.algorithm, $0.finish()) })
    }

    /// Digests bytes and hands them to `take` until the source ends, or until that answers false: whether it has ended.
    private func work(_ take: (UnsafeRawBufferPointer) throws -> Bool) throws -> Bool {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
        defer { buffer.deallocate() }
        func feed(_ bytes: UnsafeRawBufferPointer) throws -> Bool {
            for digest in digests { digest.update(bytes) }
            return try take(bytes)
        }
        while true {
            while hole > 0 {
                let step = Int(min(hole, UInt64(zeros.count)))
                hole -= UInt64(step)
                guard try zeros[..<step].withUnsafeBytes(feed) else { return false }
            }
            switch try source.next(into: buffer) {
            case .data(let count):
                guard try feed(UnsafeRawBufferPointer(rebasing: buffer[..<count])) else { return false }
            case .hole(let count): hole = count
            case .end: return true
            }
        }
    }
}
