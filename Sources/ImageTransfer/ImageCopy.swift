import Checksums
import DriverProtocol

/// One pass over an image: read, digested, decompressed on request, and written.
package struct ImageCopy {
    /// The result of a finished pass.
    package struct Result: Sendable {
        /// The digests of the bytes from the source.
        package let source: [Digest.Algorithm: String]
        /// The digests of the bytes as they were written.
        package let stored: [Digest.Algorithm: String]
    }

    private let source: any ImageSource
    private let expected: ExpectedDigests
    private let log: Log
    private let decompresses: Bool
    private let computesMD5: Bool

    /// - Parameters:
    ///   - expected: digests of the bytes from the source.
    ///   - computesMD5: whether the MD5 of both sides is wanted even if none is expected.
    package init(
        _ source: any ImageSource, expected: ExpectedDigests, decompresses: Bool = false, computesMD5: Bool = true,
        log: Log
    ) {
        self.source = source
        self.computesMD5 = computesMD5
        self.expected = expected
        self.decompresses = decompresses
        if !expected.values.isEmpty { source.willBeVerified() }
        self.log = log
    }

    /// Copies everything into `sink`, which the caller has to publish. Throws if a digest differs from the expected
    /// one, and any error of the two sides. Must run inside ``startingOver(_:_:)`` if the source may be a web server's.
    package func run(into sink: any ImageSink) throws -> Result {
        let algorithms = Set(expected.values.keys).union(computesMD5 ? [.md5] : [])
        guard decompresses else { return try copy(source, algorithms, into: sink) }
        let head = try HeadSource(source)
        guard let compression = Compression(magic: head.head) else { return try copy(head, algorithms, into: sink) }
        log.info("the image \(quoted(source.name)) is compressed with \(compression.program): decompressing it")
        let plain = try DecompressingSource(
            head, compression, digests: algorithms.map { algorithm in try Digest(algorithm) }, log: log)
        let stored = try pump(plain, into: sink, digests: computesMD5 ? [Digest(.md5)] : [])
        let sourceDigests = try plain.sourceDigests()
        try check(sourceDigests)
        // zstd(1) makes nothing, and no fuss, of a file that has skippable frames alone.
        guard stored.length > 0 else {
            throw DriverError(
                "decompress", "the image \(quoted(source.name))", cause: "it holds no data",
                remedy: "check that it is the right file, and that it came whole")
        }
        return Result(source: sourceDigests, stored: stored.digests)
    }

    private func check(_ digests: [Digest.Algorithm: String]) throws {
        do {
            try expected.check(digests, of: "the image \(quoted(source.name))")
        } catch {
            throw damage(of: source, error)
        }
    }

    private func copy(
        _ source: any ImageSource, _ algorithms: Set<Digest.Algorithm>, into sink: any ImageSink
    ) throws -> Result {
        let done = try pump(source, into: sink, digests: algorithms.map { algorithm in try Digest(algorithm) })
        try check(done.digests)
        return Result(source: done.digests, stored: done.digests)
    }

    private func pump(
        _ source: any ImageSource, into sink: any ImageSink, digests: [Digest]
    ) throws -> (digests: [Digest.Algorithm: String], length: UInt64) {
        let progress = Progress("copying \(quoted(self.source.name))", total: source.length, log: log)
        return try sink.intake(digests).takeAll(from: source, progress)
    }
}
