import DriverProtocol

/// What has been said of each marketplace's monitoring. oned asks every few minutes, waits for no answer, and logs each
/// failure that it gets: what was said is said again after an ``interval`` only.
final class MonitorHistory {
    /// Seconds.
    static let interval = 3600.0
    /// How many things are remembered of one marketplace.
    private static let limit = 2000
    /// `10 out of 30 bytes`, `after 20001 milliseconds`: libcurl has both ways of saying it.
    private static let units: Set = ["ms", "milliseconds", "s", "seconds", "bytes", "MiB", "of", "out"]
    /// What follows these differs each time.
    private static let counters: Set = ["request", "byte"]

    private struct Saying {
        var time: Double
        /// How often it was left unsaid since then.
        var repetitions = 0
    }

    private struct Market {
        var sayings: [Int: Saying] = [:]
        /// Failures since the last success.
        var failures = 0
        /// One of them has been told.
        var isToldFailing = false
    }

    private var markets: [Int: Market] = [:]

    /// Whether a log line of `market` is to be said. `now` in seconds.
    func isNews(_ line: String, of market: Int, at now: Double) -> Bool {
        repetitions(line, of: market, at: now) != nil
    }

    /// The reason of a failure as it is to be told; nil where that was done a while ago.
    func failure(_ reason: String, of market: Int, at now: Double) -> String? {
        markets[market, default: Market()].failures += 1
        guard let unsaid = repetitions(reason, of: market, at: now) else { return nil }
        markets[market]?.isToldFailing = true
        return unsaid == 0 ? reason : "\(reason) (\(unsaid) more failures like this since it was last told)"
    }

    /// How many failures a success has ended of which oned was told; nil where there were none.
    func success(of market: Int) -> Int? {
        guard let ended = markets[market] else { return nil }
        markets[market]?.failures = 0
        markets[market]?.isToldFailing = false
        return ended.isToldFailing ? ended.failures : nil
    }

    /// How often `text` was left unsaid before it is said now; nil where it is not to be said.
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

    /// Equal for texts that differ in no more than durations, counts of bytes and ids of requests.
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
