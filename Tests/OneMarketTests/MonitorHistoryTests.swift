import Testing

@testable import OneMarket

/// What oned is told of marketplaces whose monitoring fails.
@Suite struct MonitorHistoryTests {
    @Test("a day of failures, every two minutes, is told once an hour")
    func day() {
        let history = MonitorHistory()
        let told = (0..<720).compactMap { history.failure("it is down", of: 100, at: Double($0) * 120) }
        #expect(told.count == 24)
        #expect(told[0] == "it is down")
        #expect(told[1] == "it is down (29 more failures like this since it was last told)")
    }

    @Test("each cause and each marketplace is told")
    func causes() {
        let history = MonitorHistory()
        #expect(history.failure("HTTP 404", of: 100, at: 0) == "HTTP 404")
        #expect(history.failure("HTTP 500", of: 100, at: 1) == "HTTP 500")
        #expect(history.failure("HTTP 404", of: 101, at: 2) == "HTTP 404")
        for market in 100...101 { #expect(history.failure("HTTP 404", of: market, at: 3) == nil) }
    }

    @Test("a success is told once where a failure was, and the same cause is not told again within the hour")
    func recovery() {
        let history = MonitorHistory()
        #expect(history.success(of: 100) == nil)
        _ = history.failure("it is down", of: 100, at: 0)
        _ = history.failure("it is down", of: 100, at: 120)
        #expect(history.success(of: 100) == 2)
        #expect(history.success(of: 100) == nil)
        #expect(history.failure("it is down", of: 100, at: 360) == nil)
        #expect(history.success(of: 100) == nil)
        #expect(history.failure("it is down", of: 100, at: 3600)?.contains("(2 more") == true)
    }

    @Test("a log line is told once an hour")
    func lines() {
        let history = MonitorHistory()
        #expect(history.isNews("'a' is left out", of: 1, at: 0))
        #expect(history.isNews("'b' is left out", of: 1, at: 0))
        #expect(!history.isNews("'a' is left out", of: 1, at: 3599))
        #expect(history.isNews("'a' is left out", of: 1, at: 3600))
    }

    @Test(
        "durations, counts of bytes and ids of requests make no other cause",
        arguments: [
            ("Failed to connect after 0 ms: refused", "Failed to connect after 12 ms: refused", true),
            ("cannot fetch yet; trying again in 0.4 s", "cannot fetch yet; trying again in 0.3 s", true),
            ("broke after 10 of 30 bytes", "broke after 20 of 30 bytes", true),
            // As libcurl has it.
            ("timed out after 20000 milliseconds; x", "timed out after 20001 milliseconds; x", true),
            ("Connection timeout after 20000 ms", "Connection timeout after 20001 ms", true),
            (
                "timed out after 60001 milliseconds with 10 out of 300 bytes received",
                "timed out after 60000 milliseconds with 0 out of 301 bytes received", true
            ),
            ("(HTTP 503, request tx1-a)", "(HTTP 503, request tx2-b)", true),
            ("the answer ended at byte 12", "the answer ended at byte 13", true),
            ("HTTP 404 Not Found", "HTTP 403 Forbidden", false), ("disk 1 is full", "disk 2 is full", false),
        ])
    func sameCause(one: String, other: String, same: Bool) {
        #expect((MonitorHistory.key(of: one) == MonitorHistory.key(of: other)) == same)
    }

    @Test("what is remembered has a bound")
    func bound() {
        let history = MonitorHistory()
        for number in 0..<5000 { _ = history.isNews("line \(number)", of: 1, at: 0) }
        #expect(history.isNews("line 0", of: 1, at: 1))
        #expect(!history.isNews("line 4999", of: 1, at: 1))
    }
}
