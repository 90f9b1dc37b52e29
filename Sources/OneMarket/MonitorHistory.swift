import DriverProtocol

/// What oned knows of each marketplace's monitoring. oned asks every few minutes, waits for no answer, and logs each
/// failure that it gets: the same is sent again only after an ``interval``.
final class MonitorHistory {
    /// Seconds.
    static let interval = 3600.0
    /// The number of texts that are remembered of one marketplace.
    private static let limit = 2000
    /// `10 out of 30 bytes`, `after 20001 milliseconds`: libcurl has both forms.
    private static let units: Set = ["ms", "milliseconds", "s", "seconds", "bytes", "MiB", "of", "out"]
    /// A number after one of these words differs each time.
    private static let counters: Set = ["request", "byte"]

    private struct Saying {
        var time: Double
        /// The number of times that it was left out since then.
        var repetitions = 0
    }

    private struct Market {
        var sayings: [Int: Saying] = [:]
        /// The number of failures since the last success.
        var failures = 0
        /// Whether one of them has been sent.
        var isToldFailing = false
    }

    private var markets: [Int: Market] = [:]

    /// Whether a log line of `market` is to be sent. `now` in seconds.
    func isNews(_ line: String, of market: Int, at now: Double) -> Bool {
        repetitions(line, of: market, at: now) != nil
    }

    /// Returns the text of a failure, or nil if it was sent less than an ``interval`` ago.
    func failure(_ reason: String, of market: Int, at now: Double) -> String? {
        markets[market, default: Market()].failures += 1
        guard let unsaid = repetitions(reason, of: market, at: now) else { return nil }
        markets[market]?.isToldFailing = true
        return unsaid == 0 ? reason : "\(reason) (\(unsaid) more failures like this since it was last told)"
    }

    /// Returns the number of failures that a success has ended, or nil if oned got none.
    func success(of market: Int) -> Int? {
        guard let ended = markets[market] else { return nil }
        markets[market]?.failures = 0
        markets[market]?.isToldFailing = false
        return ended.isToldFailing ? ended.failures : nil
    }

    /// Returns the number of times that `text` was left out before it is sent now, or nil if it is not to be sent.
    private func repetitions(_ text: String, of market: Int, at now: Double) -> Int? {
        let key = Self.key(of: text)
        var state = markets[market, default: Market()]
        defer { markets[market] = state }
        if let said = state.sayings[key], now - said.time < Self.interval {
            state.sayings[key]?.repetitions += 1
            return nil
        }
        let unsaid = state.sayings[key]?.repetitions ?? 0
        if state.sayings.count >= Self.limit { state.sayings.removeAll() }
        state.sayings[key] = Saying(time: now)
        return unsaid
    }

    /// Returns an equal key for texts that differ only in durations, counts of bytes and ids of requests.
    static func key(of text: String) -> Int {
        let words = text.split(separator: " ")
        var hasher = Hasher()
        for (number, word) in words.enumerated() {
            let next = number + 1 < words.count ? words[number + 1].prefix { $0.isLetter } : ""
            let isAmount = units.contains(String(next)) && word.contains(where: \.isNumber)
            let isCounter = number > 0 && counters.contains(String(words[number - 1]))
            hasher.combine(isAmount || isCounter ? "#" : word)
        }
        return hasher.finalize()
    }
}
