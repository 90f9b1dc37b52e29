/// Divides bytes into runs that are zeros throughout and runs that are not, on multiples of `unit`.
struct ZeroRuns {
    let bytes: UnsafeRawBufferPointer
    let unit: Int

    /// Calls `data` and `zeros` for the runs, in order.
    func forEach(
        data: (UnsafeRawBufferPointer) throws -> Void, zeros: (Int) throws -> Void
    ) rethrows {
        var start = 0
        while start < bytes.count {
            let isZero = isZero(at: start)
            var end = min(start + unit, bytes.count)
            while end < bytes.count, self.isZero(at: end) == isZero { end = min(end + unit, bytes.count) }
            if isZero {
                try zeros(end - start)
            } else {
                try data(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
            }
            start = end
        }
    }

    private func isZero(at start: Int) -> Bool {
        let end = min(start + unit, bytes.count)
        var position = start
        while position + 8 <= end {
            if bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self) != 0 { return false }
            position += 8
        }
        while position < end {
            if bytes[position] != 0 { return false }
            position += 1
        }
        return true
    }
}
