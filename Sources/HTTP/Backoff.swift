import DriverProtocol
import Glibc
import Posix

/// How often, and after how long, something is tried again: with waits that grow exponentially, with jitter.
package struct Backoff {
    private let options: HTTPOptions
    private(set) var failures = 0

    package init(_ options: HTTPOptions) {
        self.options = options
    }

    /// Counts a failure. Returns the seconds to wait before the next attempt, or nil if it was the last one.
    ///
    /// - Parameter retryAfter: what the server asked for in seconds, 0 if it did not.
    mutating func delayAfterFailure(retryAfter: Double = 0) -> Double? {
        failures += 1
        guard failures < options.attempts else { return nil }
        if retryAfter > 0 { return min(retryAfter, options.longestDelay) }
        let ceiling = min(options.retryDelay * Double(1 << min(failures - 1, 16)), options.longestDelay)
        return Double.random(in: ceiling / 2...ceiling)
    }

    /// Counts a failure, and waits for the next attempt, which is logged to `log`. Returns at once, and false, if there
    /// is none. Throws `Interrupted` when a signal comes that is heeded, and ``Cancelled`` once `goOn` returns false.
    ///
    /// - Parameters:
    ///   - operation: the words for it in errors, as for a ``DriverError``.
    ///   - retryAfter: what the server asked for in seconds, 0 if it did not.
    package mutating func pause(
        _ operation: String, _ object: String, because cause: String, retryAfter: Double = 0, log: Log?,
        goOn: () -> Bool = { true }
    ) throws -> Bool {
        guard let delay = delayAfterFailure(retryAfter: retryAfter) else { return false }
        log?.info("cannot \(operation) \(object) yet: \(cause); trying again in \((delay * 10).rounded() / 10) s")
        let deadline = Clock.now + delay
        while Clock.now < deadline {
            guard goOn() else { throw Cancelled() }
            if options.heedsSignals {
                try sleep(until: min(deadline, Clock.now + 0.2))
            } else {
                usleep(50_000)
            }
        }
        return true
    }

    /// The number of attempts, for an error: `tried 5 times: `.
    package var context: String { failures > 1 ? "tried \(failures) times: " : "" }

    /// Forgets the failures: something has come.
    package mutating func progressed() {
        failures = 0
    }
}

/// The caller of a request did not want its response any more.
package struct Cancelled: Error {
    package init() {}
}
