import DriverProtocol
import Posix
import TestSupport
import Testing

@testable import ImageTransfer

/// Lengths from a server or a file system, which may be any numbers.
@Suite struct OddNumberTests {
    @Test(arguments: [(1, 1e9), (.max, 0), (.max, 1e-9), (1 << 62, 1e12)] as [(UInt64, Double)])
    func progressOfAnyLength(done: UInt64, seconds: Double) {
        let progress = Progress("copying", total: .max, log: silent)
        progress.advance(done)
        progress.advance(done)
        #expect(progress.describe(seconds: seconds).hasPrefix("copying: \(done.addingClamped(done) >> 20) of "))
    }

    @Test func aHoleThatNoFileHas() throws {
        let directory = try TemporaryDirectory()
        let sink = try FileSink(directory: directory.path, ImageNames("file"), mode: 0o600, log: silent)
        try sink.skip(1)
        #expect(throws: DriverError.self) { try sink.skip(.max) }
    }
}
