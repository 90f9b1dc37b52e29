import Checksums
import DriverProtocol

extension Digest {
    /// Returns the digest of everything that comes from `source`.
    package func finish(reading source: any ImageSource, log: Log) throws -> String {
        let progress = Progress("reading \(quoted(source.name))", total: source.length, log: log)
        return try DigestedIntake(Nowhere(), [self]).takeAll(from: source, progress).digests[algorithm]!
    }
}

/// A sink for bytes that are digested and not kept.
private final class Nowhere: ImageSink {
    let name = ""
    func write(_ bytes: UnsafeRawBufferPointer) {}
    func skip(_ count: UInt64) {}
    func publish() -> String { "" }
    func discard() {}
}
