import Checksums
import DriverProtocol
import Glibc
import Posix

/// A source's bytes, decompressed by a program. A thread feeds the program and digests the compressed bytes.
final class DecompressingSource: ImageSource {
    private let source: any ImageSource
    private let compression: Compression
    private let log: Log
    private let child: Child
    private let feeder: Feeder
    /// Whether the feeder, once it has ended, has come to the source's end.
    private let feeding = Locked<Result<Bool, any Error>?>(nil)
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

    /// Returns the digests of all compressed bytes, including those that the program did not read. Throws if the source
    /// or the program failed.
    func sourceDigests() throws -> [Digest.Algorithm: String] {
        if let digests { return digests }
        thread?.join()
        thread = nil
        let status = child.reap()
        let complaint = child.lastComplaint()
        // A source that broke makes the program fail, too: its own error says more.
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
    /// The rest of the source's last hole.
    private var hole: UInt64 = 0

    init(source: any ImageSource, input: FileDescriptor, digests: [Digest]) {
        self.source = source
        self.input = input
        self.digests = digests
    }

    /// Feeds the program up to the source's end. Returns false if the program has closed its input before.
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

    /// Digests the bytes that the program did not read.
    func digestRest() throws {
        _ = try work { _ in
            try Interrupt.check()
            return true
        }
    }

    /// Returns the digests. Nothing may come afterwards.
    func finish() -> [Digest.Algorithm: String] {
        Dictionary(uniqueKeysWithValues: digests.map { ($0.algorithm, $0.finish()) })
    }

    /// Digests bytes and passes them to `take` until the source ends or `take` returns false. Returns whether the
    /// source has ended.
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
