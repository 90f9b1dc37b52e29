import Glibc

/// Gives the memory of a buffer back, from its beginning on, while somebody reads it: madvise(2) with MADV_DONTNEED.
/// Pages that have been given back read as zeros.
package struct ReleasedPages {
    private static let step = 1 << 20

    private let buffer: UnsafeMutableRawBufferPointer
    private var end: Int

    package init(_ buffer: UnsafeMutableRawBufferPointer) {
        self.buffer = buffer
        let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))
        // The first page may hold what belongs to others.
        end = buffer.baseAddress.map { (pageSize - Int(bitPattern: $0) % pageSize) % pageSize } ?? 0
    }

    /// Gives back the pages before `offset`. A few of them are kept until later.
    package mutating func advance(to offset: Int) {
        while end + Self.step <= min(offset, buffer.count) {
            madvise(buffer.baseAddress! + end, Self.step, Int32(MADV_DONTNEED))
            end += Self.step
        }
    }
}
