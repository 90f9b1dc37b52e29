import DriverProtocol
import Testing

@testable import S3

@Suite struct PartQueueTests {
    @Test func memoryThatIsNotThereIsAnError() throws {
        let queue = PartQueue(limit: 2)
        let error = #expect(throws: DriverError.self) { _ = try queue.buffer(ofSize: 1 << 62) }
        #expect(error?.description.hasPrefix("Cannot reserve 4611686018427387904 bytes for a part: ") == true)
        #expect(error?.remedy.contains("READ_LENGTH") == true)
    }

    @Test func buffersGoAround() throws {
        let queue = PartQueue(limit: 1)
        let small = try queue.buffer(ofSize: 1000)
        queue.giveBack(small)
        let large = try queue.buffer(ofSize: 100_000)
        #expect(large.count == 100_000)
        queue.giveBack(large)
        #expect(try queue.buffer(ofSize: 10).baseAddress == large.baseAddress)
    }
}
