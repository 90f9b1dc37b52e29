import Glibc
import Posix
import TestSupport
import Testing

@Suite struct CommandTests {
    @Test func answersWhatAProgramLeft() throws {
        let result = try Command(["sh", "-c", "cat; echo first >&2; echo last >&2; echo >&2; exit 4"]).run(
            input: Array("text".utf8))
        #expect(result.status == .exited(4))
        #expect(result.output == Array("text".utf8))
        #expect(result.reason == "last")
        #expect(try Command(["sh", "-c", "kill -9 $$"]).run().reason.hasPrefix("ended by signal 9"))
        #expect(try Command(["true"]).run().reason == "exit status 0")
    }

    @Test func noShellSeesTheArguments() throws {
        let words = ["$(id)", "a b", "`id`", "; id", "é\n\"'", ""]
        let result = try Command(["printf", "%s|"] + words).run()
        #expect(String(decoding: result.output, as: UTF8.self) == words.map { $0 + "|" }.joined())
    }

    /// Many times what a pipe holds goes in and comes out at once.
    @Test func megabytesBothWays() throws {
        let input = TestFiles.noise(8 << 20)
        let result = try Command(["cat"]).run(input: input, outputLimit: input.count)
        #expect(result.output == input && result.status.isSuccess)
    }

    @Test func keepsTheEndOfManyErrors() throws {
        let result = try Command(["sh", "-c", "seq 1 200000 >&2"]).run()
        #expect(result.reason == "200000")
        #expect(result.errors.utf8.count <= 16 << 10)
    }

    @Test func aProgramNeedNotReadItsInput() throws {
        let result = try Command(["sh", "-c", "exec 0<&-; echo done"]).run(input: [UInt8](repeating: 1, count: 4 << 20))
        #expect(result.output == Array("done\n".utf8) && result.status.isSuccess)
    }

    @Test(arguments: [(1_000, true), (999, false)]) func limitsTheOutput(_ limit: Int, _ isEnough: Bool) throws {
        let command = Command(["sh", "-c", "head -c 1000 /dev/zero"])
        if isEnough {
            #expect(try command.run(outputLimit: limit).output.count == 1_000)
        } else {
            #expect(throws: Command.Failure.outputTooLarge(limit: limit)) { _ = try command.run(outputLimit: limit) }
        }
    }

    @Test func endlessOutputIsCutShort() throws {
        #expect(throws: Command.Failure.outputTooLarge(limit: 1 << 20)) { _ = try Command(["yes"]).run() }
    }

    @Test func limitsTheTime() throws {
        let start = Clock.now
        let failure = try #require(throws: Command.Failure.self) {
            _ = try Command(["sleep", "120"]).run(timeout: 0.3)
        }
        #expect(failure.description == "it did not end within 0.3 s")
        #expect(Clock.now - start < 60)
    }

    /// As ssh does with ControlPersist: what stays behind holds the pipes open.
    @Test func aGrandchildDoesNotHoldUsUp() throws {
        let start = Clock.now
        let result = try Command(["sh", "-c", "sleep 300 & echo $!"]).run(timeout: 120)
        #expect(result.status.isSuccess && Clock.now - start < 60)
        let pid = try #require(pid_t(String(decoding: result.output, as: UTF8.self).split(separator: "\n").first ?? ""))
        #expect(kill(pid, SIGKILL) == 0)
    }
}
