import Posix
import TestSupport
import Testing

@testable import HTTP

struct ByteQueueTests {
    /// Bytes cross in order, whatever the steps of the two sides are.
    @Test(arguments: [(1, 1), (7, 3), (3, 7), (64, 64), (100, 17), (1000, 1000)])
    func bytesCrossInOrder(writing: Int, reading: Int) {
        let queue = ByteQueue(capacity: 64)
        let content = TestFiles.noise(5000)
        let thread = Thread {
            for offset in stride(from: 0, to: content.count, by: writing) {
                let part = content[offset..<min(offset + writing, content.count)]
                _ = part.withUnsafeBytes { queue.append($0) }
            }
            queue.finish(.completed)
        }
        var received: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: reading)
        while case let count = chunk.withUnsafeMutableBytes({ queue.read(into: $0) }), count > 0 {
            received += chunk[..<count]
        }
        thread.join()
        #expect(received == content)
    }

    @Test func aWriterWaitsForRoomUntilTheReaderCloses() {
        let queue = ByteQueue(capacity: 64)
        let outcome = Locked<Bool?>(nil)
        let thread = Thread {
            let taken = TestFiles.noise(1000).withUnsafeBytes { queue.append($0) }
            outcome.update { $0 = taken }
        }
        while queue.count < 64 { pause() }
        #expect(outcome.update { $0 } == nil)
        #expect(queue.count == 64)
        queue.close()
        thread.join()
        #expect(outcome.update { $0 } == false)
    }

    @Test func anEndWithoutAHeadWakesTheReader() {
        let queue = ByteQueue(capacity: 64)
        let thread = Thread { queue.finish(.stopped) }
        #expect(queue.awaitHead() == nil)
        thread.join()
    }
}

private func pause() {
    try? sleep(until: Clock.now + 0.005)
}
