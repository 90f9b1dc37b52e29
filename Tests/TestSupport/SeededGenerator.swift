import Foundation

/// Random numbers that come again with the same seed (SplitMix64), so that a failure can be repeated.
package struct SeededGenerator: RandomNumberGenerator, Sendable {
    package let seed: UInt64
    private var state: UInt64

    package init(seed: UInt64) {
        self.seed = seed
        state = seed
    }

    /// With the seed that the environment variable TEST_SEED gives, else with a new one at each run.
    package static func fresh() -> SeededGenerator {
        SeededGenerator(
            seed: ProcessInfo.processInfo.environment["TEST_SEED"].flatMap { UInt64($0) } ?? .random(in: 0...UInt64.max)
        )
    }

    /// The number of random cases that a test takes: `all` of them, or a tenth if the environment variable TEST_QUICK is
    /// set.
    package static func rounds(_ all: Int) -> Int {
        ProcessInfo.processInfo.environment["TEST_QUICK"] == nil ? all : all / 10
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A number from 0 up to `bound`, which is left out.
    package mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }

    /// True once in `times`.
    package mutating func once(in times: Int) -> Bool { below(times) == 0 }

    package mutating func pick<Element>(_ choices: [Element]) -> Element { choices[below(choices.count)] }

    /// A text of up to `count` of `pieces`.
    package mutating func text(of pieces: [String], upTo count: Int) -> String {
        (0..<below(count + 1)).map { _ in pick(pieces) }.joined()
    }

    /// `bytes` with a few of them changed, removed, doubled, moved or replaced by one of `tokens`.
    package mutating func mutated(_ bytes: [UInt8], tokens: [String]) -> [UInt8] {
        var bytes = bytes
        for _ in 0...below(4) {
            let place = below(bytes.count + 1)
            let end = min(bytes.count, place + below(16))
            switch below(7) {
            case 0: bytes.insert(contentsOf: Array(pick(tokens).utf8), at: place)
            case 1: bytes.replaceSubrange(place..<end, with: Array(pick(tokens).utf8))
            case 2: bytes.removeSubrange(place..<end)
            case 3: bytes.insert(contentsOf: Array(bytes[place..<end]), at: below(bytes.count + 1))
            case 4 where place < bytes.count: bytes[place] ^= 1 << UInt8(below(8))
            case 5 where place < bytes.count: bytes[place] = UInt8(below(256))
            case 6 where once(in: 4): bytes.removeSubrange(place...)
            default: break
            }
        }
        return bytes
    }
}
