import Glibc
import Posix

/// Reports how far a transfer has come: a log line every 10 s under a driver manager, a live line on a terminal.
package final class Progress {
    private let log: Log
    private let operation: String
    private let total: UInt64?
    private let isTerminal: Bool
    private let begun = Clock.now
    private var done: UInt64 = 0
    private var nextReport: Double

    /// - Parameters:
    ///   - operation: the work in progress: `reading /var/tmp/image`.
    ///   - total: the number of all bytes, if it is known.
    package init(_ operation: String, total: UInt64?, log: Log) {
        self.operation = operation
        self.total = total
        self.log = log
        isTerminal = isatty(2) == 1
        nextReport = begun + (isTerminal ? 0.5 : 10)
    }

    deinit {
        if isTerminal { LiveLine.clear() }
    }

    /// Counts further bytes as done.
    package func advance(_ count: UInt64) {
        done = done.addingClamped(count)
        let now = Clock.now
        guard now >= nextReport else { return }
        nextReport = now + (isTerminal ? 0.2 : 10)
        let text = describe(seconds: now - begun)
        if isTerminal {
            LiveLine.show(text)
        } else {
            log.info(text)
        }
    }

    /// Returns the progress after so many seconds.
    package func describe(seconds: Double) -> String {
        let rate = Double(done) / max(seconds, 0.001)
        var text = "\(operation): \(Self.megabytes(done))"
        if let total { text += " of \(Self.megabytes(total))" }
        text += " MiB, \(Self.megabytes(UInt64(min(rate, 1e18)))) MiB/s"
        if let total, total > done, rate > 0 {
            // A length from outside may be any number.
            text += ", \(Int(min(Double(total - done) / rate, 1e15)) + 1) s left"
        }
        return text
    }

    /// Returns whole MiB; tenths of them where there are few.
    private static func megabytes(_ bytes: UInt64) -> String {
        let tenths = bytes < 10 << 20 ? (bytes * 10) >> 20 : 0
        return tenths % 10 == 0 ? "\(bytes >> 20)" : "\(tenths / 10).\(tenths % 10)"
    }
}
