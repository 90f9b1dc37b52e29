import DriverProtocol
import TestSupport
import Testing
import XML

/// A short run of the tests that Tests/Rigs/fuzz does at length: damaged messages and templates are read, or refused
/// with one safe line, and never end the process.
@Suite struct MutationTests {
    private static let tokens =
        XMLGenerator.tokens + [
            "=[", ",", "]", "\\", "\\\"", "#", "\n", "A=\"", "MARKET_DRIVER_ACTION_DATA", "====", "+/",
        ]

    @Test(arguments: [".xml", ".answer"]) func neverCrashes(_ suffix: String) throws {
        var random = SeededGenerator.fresh()
        let originals = try Fixture.messages(endingIn: suffix).map { try Fixture.bytes("messages/" + $0) }
        var refused = 0
        let rounds = SeededGenerator.rounds(10_000)
        for _ in 0..<rounds {
            let original = random.pick(originals)
            let start = random.once(in: 2) ? 0 : random.below(max(1, original.count - 400))
            var bytes = random.mutated(Array(original[start...].prefix(1_000)), tokens: Self.tokens)
            if random.once(in: 4) { bytes = random.mutated(Base64.encode(bytes), tokens: ["=", "A", "-", "\n"]) }
            for line in [messageFault(bytes), xmlFault(bytes), templateFault(bytes)].compactMap({ $0 }) {
                refused += 1
                try #require(faultOfLine(line) == nil, "TEST_SEED=\(random.seed)")
            }
        }
        #expect(refused > rounds)
    }

    private func messageFault(_ bytes: [UInt8]) -> String? {
        do throws(DriverError) {
            _ = try Message(text: bytes).number("MARKETPLACEAPP/ID")
            return nil
        } catch {
            return error.description
        }
    }

    private func xmlFault(_ bytes: [UInt8]) -> String? {
        do throws(XMLParser.Failure) {
            _ = try XMLParser.parse(bytes)
            return nil
        } catch {
            return oneLine(error.description)
        }
    }

    private func templateFault(_ bytes: [UInt8]) -> String? {
        do throws(Template.SyntaxError) {
            _ = try Template(parsing: String(decoding: bytes, as: UTF8.self))
            return nil
        } catch {
            return oneLine(error.description)
        }
    }
}
