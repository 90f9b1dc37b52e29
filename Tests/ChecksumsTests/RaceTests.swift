import TestSupport
import Testing

@testable import Checksums

/// The choice of the way to compute a digest.
@Suite struct RaceTests {
    /// Each kind of digest has the candidates that every processor can run.
    @Test func allThatRunHereTakePart() {
        let names = Dictionary(grouping: Race.results(), by: \.digests).mapValues { Set($0.map(\.name)) }
        #expect(names.count == 3)
        let own = Set(Candidate.all.filter(\.runsHere).map(\.name))
        #expect(names["MD5"]?.contains("scalar") == true && names["MD5"]?.contains("libcrypto") == true)
        #expect(own.isSubset(of: names.values.reduce(into: []) { $0.formUnion($1) }))
    }

    /// One of each kind is chosen, and no other does it much faster when they are timed for longer.
    @Test func theFastestIsChosen() throws {
        for (digests, results) in Dictionary(grouping: Race.results(), by: \.digests) {
            let chosen = results.filter(\.isChosen)
            #expect(chosen.map(\.digests) == [digests])
            let best = try #require(results.map(\.speed).max())
            #expect(chosen.allSatisfy { $0.speed > best * 0.85 }, "\(results)")
        }
    }

    /// One that is slow each time loses; one that is slow once, as when another process has taken the processor, does
    /// not.
    @Test func whatHappensOnceDoesNotCount() {
        var runs = 0
        let contenders = [
            Race.Contender(name: "slow", value: 0) { _ in spin(nanoseconds: 40_000) },
            Race.Contender(name: "disturbed", value: 1) { _ in
                runs += 1
                spin(nanoseconds: runs % 3 == 1 ? 400_000 : 4_000)
            },
        ]
        #expect(Race.fastest(of: contenders) == 1)
    }

    /// The time that it takes is that of a few blocks.
    @Test func aRaceIsShort() {
        var taken = 0
        let contender = Race.Contender(name: "counts", value: 0) { taken += $0.count }
        #expect(Race.fastest(of: [contender, contender]) == 0)
        #expect(taken <= 64 << 10)
    }
}

private func spin(nanoseconds: UInt64) {
    let end = Race.now() + nanoseconds
    while Race.now() < end {}
}
