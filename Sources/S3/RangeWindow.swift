import Posix

/// The part of an object that is in memory while threads fetch ranges of it and one reads it in order: a window that
/// moves over the object as what was read is given back.
///
/// Byte n lies at n modulo the capacity, whichever range brings it, so that ranges may be longer than there is memory
/// for: who fetches one waits when it comes to the window's end. Ranges are begun in their order, and the bytes that are
/// read next always have room.
final class RangeWindow: @unchecked Sendable {
    /// Bytes that are shown to the reader, and lent to it, at a time: threads are not woken for every packet.
    private static let step: UInt64 = 512 << 10

    /// What fetching threads wait for.
    private struct Room {
        /// The next range that nobody fetches yet.
        var next = 0
        /// Bytes that were given back, without gaps: where the window begins.
        var start: UInt64 = 0
        /// Ends of what was given back behind a gap, by its beginnings.
        var returned: [UInt64: UInt64] = [:]
        var isCancelled = false
    }

    /// What the reader waits for.
    private struct Arrivals {
        /// Where the next missing byte is of each range that is under way or waits to be read.
        var ends: [Int: UInt64] = [:]
        var failures: [Int: any Error] = [:]
        var isCancelled = false
    }

    /// How many ranges there are.
    let count: Int
    private let length: UInt64
    private let rangeSize: UInt64
    private let capacity: UInt64
    private let ring: UnsafeMutableRawBufferPointer
    private let room = Monitor(Room())
    private let arrivals = Monitor(Arrivals())
    /// Bytes that were lent. The reader's own.
    private var lent: UInt64 = 0

    init(length: UInt64, rangeSize: UInt64, capacity: UInt64) {
        self.length = length
        self.rangeSize = rangeSize
        self.capacity = min(capacity, max(length, 1))
        count = Int((length + rangeSize - 1) / rangeSize)
        ring = .allocate(byteCount: Int(self.capacity), alignment: 4096)
    }

    deinit {
        ring.deallocate()
    }

    /// A range that is being fetched, by one thread.
    struct Fetch {
        let window: RangeWindow
        let index: Int
        /// Where the range ends.
        let end: UInt64
        /// Where the next byte goes.
        private(set) var position: UInt64
        private var shown: UInt64
        /// Where the window is known to end.
        private var limit: UInt64

        fileprivate init(_ window: RangeWindow, index: Int, limit: UInt64) {
            self.window = window
            self.index = index
            position = UInt64(index) * window.rangeSize
            end = min(position + window.rangeSize, window.length)
            shown = position
            self.limit = limit
        }

        /// Adds bytes, waiting for room; false when nobody wants them any more. There must be no more than the range has.
        mutating func append(_ bytes: UnsafeRawBufferPointer) -> Bool {
            precondition(UInt64(bytes.count) <= end - position)
            var rest = bytes
            while !rest.isEmpty {
                if position == limit {
                    show()
                    guard let next = window.end(behind: position) else { return false }
                    limit = next
                }
                let place = window.place(of: position, upTo: limit)
                let count = min(rest.count, place.count)
                place.copyMemory(from: UnsafeRawBufferPointer(rebasing: rest[..<count]))
                position += UInt64(count)
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            }
            if position - shown >= RangeWindow.step || position == end { show() }
            return true
        }

        private mutating func show() {
            guard position > shown else { return }
            window.arrivals.update { $0.ends[index] = position }
            shown = position
        }

        /// The range cannot be had: the reader comes to know it behind what has arrived.
        mutating func fail(_ error: any Error) {
            show()
            window.arrivals.update { $0.failures[index] = error }
        }
    }

    // The side of those who fetch.

    /// The next range to fetch, once there is room for its beginning; nil when there is none, or when nobody wants it.
    func next() -> Fetch? {
        room.wait { room -> Fetch?? in
            if room.isCancelled || room.next >= count { return .some(nil) }
            let limit = room.start + capacity
            guard UInt64(room.next) * rangeSize < limit else { return nil }
            defer { room.next += 1 }
            return Fetch(self, index: room.next, limit: limit)
        }
    }

    /// Where the window ends, once that is behind `position`; nil when nobody wants more.
    private func end(behind position: UInt64) -> UInt64? {
        room.wait { room -> UInt64?? in
            if room.isCancelled { return .some(nil) }
            guard room.start + capacity > position else { return nil }
            return room.start + capacity
        }
    }

    /// The memory from `position` on, as far as it lies together.
    private func place(of position: UInt64, upTo limit: UInt64) -> UnsafeMutableRawBufferPointer {
        let start = position % capacity
        let end = min(start + (limit - position), capacity)
        return UnsafeMutableRawBufferPointer(rebasing: ring[Int(start)..<Int(end)])
    }

    var isCancelled: Bool { room.read { $0.isCancelled } }

    // The reader's side.

    /// The next bytes, once some are there: where they begin in the object, and where they lie until ``giveBack(_:_:)``.
    /// Nil behind the last ones, and when nobody fetches any more. Throws what a range has failed with.
    func lend() throws -> (start: UInt64, bytes: UnsafeRawBufferPointer)? {
        let start = lent
        let index = Int(start / rangeSize)
        guard start < length else { return nil }
        let arrived = arrivals.wait { arrivals -> Result<UInt64?, any Error>? in
            if arrivals.isCancelled { return .success(nil) }
            if let end = arrivals.ends[index], end > start { return .success(end) }
            return arrivals.failures[index].map { .failure($0) }
        }
        guard let end = try arrived.get() else { return nil }
        let bytes = UnsafeRawBufferPointer(place(of: start, upTo: min(end, start + Self.step)))
        lent += UInt64(bytes.count)
        if lent == min(UInt64(index + 1) * rangeSize, length) { arrivals.update { $0.ends[index] = nil } }
        return (start, bytes)
    }

    /// What begins at `start` is not needed any more. Any thread may say so.
    func giveBack(_ start: UInt64, _ count: Int) {
        room.update { room in
            room.returned[start] = start + UInt64(count)
            while let end = room.returned.removeValue(forKey: room.start) { room.start = end }
        }
    }

    func cancel() {
        room.update { $0.isCancelled = true }
        arrivals.update { $0.isCancelled = true }
    }
}
