import Checksums
import DriverProtocol
import ImageTransfer

/// The bytes that a check writes and reads again.
package final class Probe: ImageSource {
    package let name = "the probe"
    package let length: UInt64?
    private var rest: Int

    /// - Parameter length: in bytes.
    package init(length: Int) {
        self.length = UInt64(length)
        rest = length
    }

    package var storageSize: UInt64? { length }

    package func next(into buffer: UnsafeMutableRawBufferPointer) throws -> Segment {
        let count = min(rest, buffer.count)
        for index in 0..<count { buffer[index] = Self.byte(rest - index) }
        rest -= count
        return count > 0 ? .data(count) : .end
    }

    /// Returns a part of a probe of that length.
    package static func bytes(_ range: Range<Int>, ofLength length: Int) -> [UInt8] { range.map { byte(length - $0) } }

    /// - Parameter rest: the bytes from there to the end.
    private static func byte(_ rest: Int) -> UInt8 { UInt8(truncatingIfNeeded: rest &* 31) }

    /// Copies it into `sink`, and publishes that. Returns its MD5.
    package func publish(into sink: any ImageSink, log: Log) throws -> String {
        do {
            let copied = try ImageCopy(self, expected: ExpectedDigests(), log: log).run(into: sink)
            _ = try sink.publish()
            return copied.source[.md5] ?? ""
        } catch {
            sink.discard()
            throw error
        }
    }

    /// Throws unless what comes from `source` has that MD5.
    package static func compare(_ source: any ImageSource, md5: String, log: Log) throws {
        let found = try Digest(.md5).finish(reading: source, log: log)
        guard found == md5 else {
            throw readError(
                source.name, cause: "it is not what was written there a moment ago",
                remedy: "see that it is served from the same place, and not from a cache")
        }
    }
}
