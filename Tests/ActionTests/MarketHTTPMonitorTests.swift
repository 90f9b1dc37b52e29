import Foundation
import TestSupport
import Testing

@Suite struct MarketHTTPMonitorTests {
    private let market: LocalMarket

    init() throws {
        market = try LocalMarket()
    }

    /// Returns the three numbers of a reply, which must have no other line.
    private func numbers(_ answer: String) throws -> [Int] {
        let match = try #require(answer.wholeMatch(of: /USED_MB=(\d+)\nFREE_MB=(\d+)\nTOTAL_MB=(\d+)\n/))
        return try [match.1, match.2, match.3].map { try #require(Int($0)) }
    }

    private func monitor() throws -> [Int] {
        let outcome = try market.act("market-http-monitor", market.monitorMessage())
        #expect(outcome.status == .exited(0) && outcome.errors == "")
        return try numbers(outcome.output)
    }

    /// Returns the numbers of df for PUBLIC_DIR: its `avail` is what others than root can write.
    private func systemNumbers() throws -> [Int] {
        let outcome = try TestFiles.succeed([
            "df", "--block-size=1", "--output=used,avail,size", market.publicDirectory,
        ])
        let row = try #require(outcome.output.split(separator: "\n").last)
        return try row.split(separator: " ").map { try #require(Int($0)) >> 20 }
    }

    @Test func agreesWithTheSystem() throws {
        // Others write to the same disk meanwhile.
        let slack = 512
        for (mine, systems) in try zip(monitor(), systemNumbers()) { #expect(abs(mine - systems) <= slack) }
        let (mine, systems) = try (monitor(), systemNumbers())
        #expect(mine[2] == systems[2])
    }

    @Test func answersInTheRecordedShape() throws {
        let recorded = try Fixture.text("messages/market-http-monitor.answer")
        _ = try numbers(recorded.hasSuffix("\n") ? recorded : recorded + "\n")
        _ = try monitor()
    }
}
