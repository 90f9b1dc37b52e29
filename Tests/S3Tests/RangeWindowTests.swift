import DriverProtocol
import Foundation
import Posix
import TestSupport
import Testing

@testable import S3

/// The bytes in memory of an object that is fetched in ranges and read in order.
@Suite struct RangeWindowTests {
    /// Fetches all ranges of `content` with `threads` threads, in pieces of up to `piece` bytes.
    private static func fetch(
        _ content: [UInt8], into window: RangeWindow, threads: Int, piece: Int, using random: inout SeededGenerator
    ) -> [Posix.Thread] {
        (0..<threads).map { _ in
            let seed = random.next()
            return Posix.Thread {
                var random = SeededGenerator(seed: seed)
                while var fetch = window.next() {
                    while fetch.position < fetch.end {
                        let start = Int(fetch.position)
                        let end = min(start + Int.random(in: 1...piece, using: &random), Int(fetch.end))
                        let isTaken = content.withUnsafeBytes {
                            fetch.append(UnsafeRawBufferPointer(rebasing: $0[start..<end]))
                        }
                        if !isTaken { return }
                    }
                }
            }
        }
    }

    private static func words(_ range: RangeWindow.Fetch?) -> String {
        range.map { "range at \($0.start)" } ?? "no range"
    }

    /// Lengths, ranges and windows that divide each other, and that do not; ranges longer than the window, too.
    @Test(arguments: 0..<40) func bytesComeInTheirOrder(_ number: Int) throws {
        var random = SeededGenerator.fresh()
        let length = [0, 1, 4096, 1 << 20, Int.random(in: 1...4_000_000, using: &random)][number % 5]
        let content = TestFiles.noise(length)
        let range = UInt64(max([1, 4096, 100_000, 1 << 20, 3 << 20][number % 7 % 5], length / 1000 + 1))
        let capacity = [1000, 65_536, 700_001, 2 << 20][number % 4]
        let window = RangeWindow(length: UInt64(length), rangeSizes: range...range, capacity: UInt64(capacity))
        let threads = Self.fetch(content, into: window, threads: 4, piece: 70_000, using: &random)
        var read: [UInt8] = []
        var held: [(UInt64, Int)] = []
        while let (start, bytes) = try window.lend() {
            #expect(start == UInt64(read.count))
            read += bytes
            held.append((start, bytes.count))
            // The window begins with the first byte that is kept: if that is far behind, nothing more would come.
            let span = read.count - Int(held.map(\.0).min() ?? 0)
            let kept = span > capacity / 2 ? 0 : Int.random(in: 0...3, using: &random)
            while held.count > kept {
                let (start, count) = held.remove(at: Int.random(in: 0..<held.count, using: &random))
                window.giveBack(start, count)
            }
        }
        for thread in threads { thread.join() }
        #expect(read == content, "TEST_SEED=\(random.seed)")
    }

    @Test func noMoreComesThanHasRoom() throws {
        let window = RangeWindow(length: 1000, rangeSizes: 400...400, capacity: 500)
        let chunk = [UInt8](repeating: 7, count: 400)
        var first = try #require(window.next())
        var second = try #require(window.next())
        #expect(chunk.withUnsafeBytes { first.append($0) })
        #expect(chunk.withUnsafeBytes { second.append(UnsafeRawBufferPointer(rebasing: $0[..<100])) })
        // The window ends here: the next byte, and the next range, wait until something is given back.
        let waiting = Locked<[String]>([])
        let threads = [
            Posix.Thread { [second] in
                var second = second
                let isTaken = chunk.withUnsafeBytes { second.append(UnsafeRawBufferPointer(rebasing: $0[..<1])) }
                waiting.update { $0.append("byte \(isTaken)") }
            },
            Posix.Thread { waiting.update { [range = window.next()] in $0.append(Self.words(range)) } },
        ]
        usleep(200_000)
        #expect(waiting.read { $0 } == [])
        let (start, bytes) = try #require(try window.lend())
        #expect((start, bytes.count) == (0, 400))
        window.giveBack(start, bytes.count)
        for thread in threads { thread.join() }
        #expect(waiting.read { $0.sorted() } == ["byte true", "range at 800"])
    }

    /// Packets of any length are lent in pieces that can be written past the page cache.
    @Test func whatIsLentEndsOnBlocks() throws {
        let content = TestFiles.noise(5_000_000)
        let window = RangeWindow(length: 5_000_000, rangeSizes: 1 << 20...1 << 20, capacity: 2 << 20)
        var random = SeededGenerator.fresh()
        let threads = Self.fetch(content, into: window, threads: 3, piece: 30_000, using: &random)
        var read: [UInt8] = []
        while let (start, bytes) = try window.lend() {
            read += bytes
            #expect(read.count % 4096 == 0 || read.count == content.count)
            #expect(Int(bitPattern: bytes.baseAddress) % 4096 == 0)
            window.giveBack(start, bytes.count)
        }
        for thread in threads { thread.join() }
        #expect(read == content, "TEST_SEED=\(random.seed)")
    }

    /// With a reader that never has to wait, longer ranges are no slower: there come to be fewer of them.
    @Test func rangesGrow() throws {
        let content = [UInt8](repeating: 9, count: 1 << 20)
        let length: UInt64 = 400 << 20
        let window = RangeWindow(length: length, rangeSizes: 1 << 20...16 << 20, capacity: 3 << 20)
        let starts = Locked<[UInt64]>([])
        // The beginnings of the pieces that have come, of a MiB each: ranges are whole MiB.
        let arrived = Locked<Set<UInt64>>([])
        let threads = (0..<3).map { _ in
            Posix.Thread {
                while var fetch = window.next() {
                    starts.update { [start = fetch.start] in $0.append(start) }
                    while fetch.position < fetch.end {
                        let count = Int(min(fetch.end - fetch.position, 1 << 20))
                        let isTaken = content.withUnsafeBytes { [position = fetch.position] bytes in
                            defer { arrived.update { _ = $0.insert(position) } }
                            return fetch.append(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
                        }
                        if !isTaken { return }
                    }
                }
            }
        }
        var read: UInt64 = 0
        while read < length {
            let piece = read - read % (1 << 20)
            arrived.wait { $0.contains(piece) ? () : nil }
            let (start, bytes) = try #require(try window.lend())
            read += UInt64(bytes.count)
            window.giveBack(start, bytes.count)
        }
        for thread in threads { thread.join() }
        #expect(read == length)
        let ranges = starts.read { $0.sorted() }
        #expect(ranges.prefix(32) == (0..<32).map { $0 << 20 }[...])
        #expect(ranges.count < 250)
    }

    @Test func aFailureIsToldBehindWhatHasArrived() throws {
        let window = RangeWindow(length: 1000, rangeSizes: 1000...1000, capacity: 500)
        var fetch = try #require(window.next())
        #expect([UInt8](repeating: 1, count: 300).withUnsafeBytes { fetch.append($0) })
        fetch.fail(DriverError("download", "it", cause: "gone", remedy: "none"))
        #expect(try window.lend()?.bytes.count == 300)
        #expect(throws: DriverError.self) { try window.lend() }
    }

    @Test func cancellingWakesEveryone() throws {
        let window = RangeWindow(length: 1000, rangeSizes: 500...500, capacity: 500)
        var fetch = try #require(window.next())
        #expect([UInt8](repeating: 1, count: 500).withUnsafeBytes { fetch.append($0) })
        _ = try window.lend()
        let ended = Locked<[String]>([])
        let threads = [
            Posix.Thread { ended.update { [range = window.next()] in $0.append(Self.words(range)) } },
            Posix.Thread {
                let lent = try? window.lend()
                ended.update { $0.append("lent \(lent?.bytes.count ?? -1)") }
            },
        ]
        usleep(100_000)
        #expect(ended.read { $0 } == [])
        window.cancel()
        for thread in threads { thread.join() }
        #expect(ended.read { $0.sorted() } == ["lent -1", "no range"])
    }
}
