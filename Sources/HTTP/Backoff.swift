/// How long to wait between attempts: exponential, with jitter.
struct Backoff {
    /// Seconds between two attempts at most, also where the server asks for more.
    static let longestDelay = 60.0

    let attempts: Int
    let unit: Double
    private(set) var failures = 0

    init(_ options: HTTPOptions) {
        attempts = options.attempts
        unit = options.retryDelay
    }

    /// Counts a failure and answers the seconds to wait before the next attempt, nil where it was the last one.
    /// `retryAfter` is what the server asked for, 0 where it did not.
    mutating func delayAfterFailure(retryAfter: Double = 0) -> Double? {
        failures += 1
        guard failures < attempts else { return nil }
        if retryAfter > 0 { return min(retryAfter, Self.longestDelay) }
        let ceiling = min(unit * Double(1 << min(failures - 1, 16)), Self.longestDelay)
        return Double.random(in: ceiling / 2...ceiling)
    }

    /// Tells in an error how often it was tried: `tried 5 times: `.
    var context: String { failures > 1 ? "tried \(failures) times: " : "" }

    /// Forgets the failures: a byte has come.
    mutating func progressed() {
        failures = 0
    }
}
