import Glibc

/// Bytes as they arrive, handed out a line at a time. Its memory is bounded: only the beginning of a line longer than
/// the limit is kept.
struct LineBuffer {
    enum Line: Equatable {
        /// A line without its line feed.
        case whole([UInt8])
        /// The beginning of a line that is too long; its rest is dropped.
        case tooLong(head: [UInt8])
    }

    private static let headLength = 64
    private static let compactionThreshold = 1 << 20

    private let limit: Int
    private var bytes: [UInt8] = []
    /// The beginning of the next line, and the offset up to which no line feed has been found.
    private var start = 0
    private var searched = 0
    /// Whether the line's beginning has been handed out as too long already.
    private var isDiscarding = false

    /// For lines of up to `limit` bytes.
    init(limit: Int) {
        self.limit = limit
    }

    mutating func append(_ more: some Sequence<UInt8>) {
        if start > Self.compactionThreshold {
            bytes.removeSubrange(..<start)
            searched -= start
            start = 0
        }
        bytes.append(contentsOf: more)
    }

    /// Returns the next line, or nil if none is complete.
    mutating func next() -> Line? {
        while true {
            let end = lineFeed()
            guard end ?? bytes.count <= start + limit || isDiscarding else { return handOutHead() }
            if isDiscarding { start = end ?? bytes.count }
            guard let end else {
                searched = bytes.count
                if start == bytes.count { removeAll() }
                return nil
            }
            let line = bytes[start..<end]
            start = end + 1
            searched = start
            if isDiscarding {
                isDiscarding = false
            } else {
                return .whole(Array(line))
            }
        }
    }

    private mutating func removeAll() {
        // The room of a long line is not kept for the short ones that follow.
        bytes.removeAll(keepingCapacity: bytes.capacity <= Self.compactionThreshold)
        (start, searched) = (0, 0)
    }

    /// Returns the position of the next line feed, or nil: memchr(3), since a line can have megabytes.
    private func lineFeed() -> Int? {
        bytes.withUnsafeBytes { bytes in
            let rest = UnsafeRawBufferPointer(rebasing: bytes[searched...])
            guard let start = rest.baseAddress, let found = memchr(start, 0x0A, rest.count) else { return nil }
            return searched + (UnsafeRawPointer(found) - start)
        }
    }

    private mutating func handOutHead() -> Line {
        isDiscarding = true
        return .tooLong(head: Array(bytes[start...].prefix(Self.headLength)))
    }
}
