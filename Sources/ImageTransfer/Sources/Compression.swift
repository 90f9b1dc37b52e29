import DriverProtocol
import Posix

/// The compressions of image files, each undone by its own well-known program.
package enum Compression: String, CaseIterable, Sendable {
    case gzip, bzip2, xz, zstd, lz4

    /// Whether a file with these first bytes is so compressed.
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
            // Also those of the versions before 0.8.
            return bytes.count >= 4 && bytes[1..<4].elementsEqual([0xB5, 0x2F, 0xFD])
                && (bytes[0] == 0x1E || (0x22...0x28).contains(bytes[0]))
        case .lz4: return [[0x04, 0x22, 0x4D, 0x18], [0x02, 0x21, 0x4C, 0x18]].contains { bytes.starts(with: $0) }
        }
    }

    /// The program's name, which is also the compression's.
    package var program: String { rawValue }

    /// The arguments that make it decompress its standard input to its standard output.
    var arguments: [String] {
        // zstd(1) writes far distances only on request, and also reads them only then: at most 2 GiB of memory.
        self == .zstd ? ["-dc", "--long=31"] : ["-dc"]
    }

    /// Debian's package that has the program.
    var package: String {
        switch self {
        case .xz: "xz-utils"
        default: rawValue
        }
    }

    /// Whether a program with that exit status has decompressed everything. A status of 2 is a warning of gzip(1) and
    /// xz(1), mostly of bytes after the stream; bzip2(1) uses it for damage.
    package func isComplete(_ status: ExitStatus) -> Bool {
        status.isSuccess || [.gzip, .xz].contains(self) && status == .exited(2)
    }

    /// Returns what a file of gzip(1) begins with, decompressed as far as its first bytes, `head`, allow. Throws a
    /// ``DriverError`` if the program is missing, or `Interrupted`.
    package static func gunzipped(head: [UInt8]) throws -> [UInt8] {
        let gzip = Compression.gzip
        do {
            // It fails at the end of its input, and has printed by then what it could: RFC 1951 reaches 1032 to 1.
            return try Command([gzip.program] + gzip.arguments).run(input: head, outputLimit: 1100 * head.count).output
        } catch let error as SystemError {
            throw DriverError(
                "look", "into a compressed image", cause: "\(gzip.program): \(error.cause)",
                remedy: "install the package \(gzip.package)")
        }
    }

    /// The compression of a file by its first bytes, or nil if it has none that is known.
    package init?(magic head: [UInt8]) {
        let (frame, hasSkipped) = Self.behindSkippableFrames(head)
        // Only these know such frames. If the first one with data is out of sight, zstd is the likelier one.
        let candidates = hasSkipped ? [.zstd, .lz4] : Self.allCases
        let standard: Compression? = hasSkipped && frame.count < 4 ? .zstd : nil
        guard let found = candidates.first(where: { $0.begins(frame) }) ?? standard else { return nil }
        self = found
    }

    /// Returns the rest of a file's beginning after the frames without data, and whether there are such: RFC 8878,
    /// section 3.1.2. pzstd(1) writes one.
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
