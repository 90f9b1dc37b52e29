/// The number of log lines that one request may cause: a driver that has gone astray does not fill oned's log.
struct LogAllowance {
    enum Verdict: Equatable {
        case pass
        /// The first line beyond the limit.
        case announceEnd
        case drop
    }

    /// Lines in one ``window``.
    static let limit = 1000
    /// Seconds. Long uploads log their progress for hours.
    static let window = 3600.0

    private var began: Double?
    private var count = 0

    mutating func take(at now: Double) -> Verdict {
        if now - (began ?? -.infinity) >= Self.window {
            began = now
            count = 0
        }
        count += 1
        return count <= Self.limit ? .pass : count == Self.limit + 1 ? .announceEnd : .drop
    }
}
