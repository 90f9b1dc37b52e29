import Posix

/// The part of an object that is in memory while threads fetch ranges of it and one reads it in order: a window that
/// moves over the object as bytes are given back.
///
/// Byte n lies at n modulo the capacity, whichever range brings it, so ranges may be longer than the memory: a thread
/// that fetches one waits at the window's end. Ranges are begun in their order, and the bytes that are read next always
/// have room.
final class RangeWindow: @unchecked Sendable {
    /// Bytes that are shown to the reader, and lent to it, at a time: threads are not woken for every packet.
    private static let step: UInt64 = 512 << 10
    /// Shown bytes end on a multiple of this if possible, which lets them be written past the page cache.
    private static let alignment: UInt64 = 4096

    /// The state for which fetching threads wait.
    private struct Room {
        /// The beginning of the next range, which nobody fetches yet.
        var next: UInt64 = 0
        var sizing: RangeSizing
        /// Bytes that the reader had to wait for with nothing else to do.
        var late: UInt64 = 0
        /// The bytes that were given back, without gaps: the beginning of the window.
        var start: UInt64 = 0
        /// The ends of pieces that were given back behind a gap, by their beginnings.
        var returned: [UInt64: UInt64] = [:]
        var isCancelled = false
    }

    /// The progress of a range: the end of the bytes that have arrived, and of the range.
    private struct Arrival {
        let position: UInt64
        let end: UInt64
    }

    /// The state for which the reader waits, by the beginnings of ranges.
    private struct Arrivals {
        var ranges: [UInt64: Arrival] = [:]
        var failures: [UInt64: any Error] = [:]
        var isCancelled = false
    }

    private let length: UInt64
    private let rangeSizes: ClosedRange<UInt64>
    private let capacity: UInt64
    private let ring: UnsafeMutableRawBufferPointer
    private let room: Locked<Room>
    private let arrivals = Locked(Arrivals())
    /// The bytes that were lent, and the beginning of their range. Used by the reader only.
    private var lent: UInt64 = 0
    private var lentRange: UInt64 = 0

    /// - Parameter rangeSizes: bytes of a range, the least and the most.
    init(length: UInt64, rangeSizes: ClosedRange<UInt64>, capacity: UInt64) {
        self.length = length
        self.rangeSizes = rangeSizes
        self.capacity = min(capacity, max(length, 1))
        room = Locked(Room(sizing: RangeSizing(rangeSizes)))
        ring = .allocate(byteCount: Int(self.capacity), alignment: Int(Self.alignment))
    }

    /// The largest number of ranges.
    var count: Int { Int((length + rangeSizes.lowerBound - 1) / rangeSizes.lowerBound) }

    deinit {
        ring.deallocate()
    }

    /// A range that is being fetched, by one thread.
    struct Fetch {
        let window: RangeWindow
        /// The beginning and the end of the range.
        let start: UInt64
        let end: UInt64
        /// The position of the next byte.
        private(set) var position: UInt64
        private var shown: UInt64
        /// The known end of the window.
        private var limit: UInt64

        fileprivate init(_ window: RangeWindow, _ range: Range<UInt64>, limit: UInt64) {
            self.window = window
            start = range.lowerBound
            end = range.upperBound
            position = start
            shown = start
            self.limit = limit
        }

        /// Adds bytes, waiting for room. Returns false if nobody wants them any more. There must be no more than the
        /// range has.
        mutating func append(_ bytes: UnsafeRawBufferPointer) -> Bool {
            precondition(UInt64(bytes.count) <= end - position)
            var rest = bytes
            while !rest.isEmpty {
                if position == limit {
                    show(position)
                    guard let next = window.end(behind: position) else { return false }
                    limit = next
                }
                let place = window.place(of: position, upTo: limit)
                let count = min(rest.count, place.count)
                place.copyMemory(from: UnsafeRawBufferPointer(rebasing: rest[..<count]))
                position += UInt64(count)
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            }
            if position == end {
                show(end)
            } else if position - shown >= RangeWindow.step {
                show(position - position % RangeWindow.alignment)
            }
            return true
        }

        private mutating func show(_ position: UInt64) {
            guard position > shown else { return }
            window.arrivals.update { $0.ranges[start] = Arrival(position: position, end: end) }
            shown = position
        }

        /// Ends the range, which cannot be had. The reader gets the error after the bytes that have arrived.
        mutating func fail(_ error: any Error) {
            show(position)
            window.arrivals.update { $0.failures[start] = error }
        }
    }

    // The side of the fetching threads.

    /// Returns the next range to fetch, once there is room for its beginning, or nil if there is none, or nobody wants
    /// it.
    func next() -> Fetch? {
        room.wait { room -> Fetch?? in
            if room.isCancelled || room.next >= length { return .some(nil) }
            let limit = room.start + capacity
            guard room.next < limit else { return nil }
            room.sizing.observe(read: room.start, late: room.late)
            let range = room.next..<min(room.next + room.sizing.size, length)
            room.next = range.upperBound
            return Fetch(self, range, limit: limit)
        }
    }

    /// Returns the end of the window, once that is behind `position`, or nil if nobody wants more.
    private func end(behind position: UInt64) -> UInt64? {
        room.wait { room -> UInt64?? in
            if room.isCancelled { return .some(nil) }
            guard room.start + capacity > position else { return nil }
            return room.start + capacity
        }
    }

    /// Returns the memory from `position` on, as far as it is contiguous.
    private func place(of position: UInt64, upTo limit: UInt64) -> UnsafeMutableRawBufferPointer {
        let start = position % capacity
        let end = min(start + (limit - position), capacity)
        return UnsafeMutableRawBufferPointer(rebasing: ring[Int(start)..<Int(end)])
    }

    var isCancelled: Bool { room.read { $0.isCancelled } }

    // The reader's side.

    /// Returns the next bytes, once some are there: their position in the object, and their memory, which is valid
    /// until ``giveBack(_:_:)``. Returns nil after the last ones, and when nobody fetches any more. Throws the error of
    /// a failed range.
    func lend() throws -> (start: UInt64, bytes: UnsafeRawBufferPointer)? {
        let start = lent
        guard start < length else { return nil }
        var hasWaited = false
        let arrived = arrivals.wait { [lentRange] arrivals -> Result<Arrival?, any Error>? in
            if arrivals.isCancelled { return .success(nil) }
            if let arrival = arrivals.ranges[lentRange], arrival.position > start { return .success(arrival) }
            if let failure = arrivals.failures[lentRange] { return .failure(failure) }
            hasWaited = true
            return nil
        }
        guard let arrival = try arrived.get() else { return nil }
        let bytes = UnsafeRawBufferPointer(place(of: start, upTo: min(arrival.position, start + Self.step)))
        lent += UInt64(bytes.count)
        if hasWaited { room.update { room in if room.start == start { room.late += UInt64(bytes.count) } } }
        if lent == arrival.end {
            arrivals.update { [lentRange] in $0.ranges[lentRange] = nil }
            lentRange = lent
        }
        return (start, bytes)
    }

    /// Gives the bytes at `start` back. Any thread may call this.
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
