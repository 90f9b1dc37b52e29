import Foundation
import Glibc
import Posix
import TestSupport
import Testing

@Suite struct ChildTests {
    private func text(_ descriptor: FileDescriptor?) throws -> String {
        String(decoding: try #require(try descriptor?.readToEndWaiting(limit: 1 << 20)), as: UTF8.self)
    }

    @Test func connectsTheThreeStreams() throws {
        let child = try Child(["sh", "-c", "cat; echo err >&2; exit 3"], input: .pipe)
        // Nothing else may hold the pipe's end: it is closed with its last reference.
        try Array("in".utf8).withUnsafeBytes { try child.input?.writeWaiting($0) }
        child.closeInput()
        #expect(child.input === nil)
        #expect(try text(child.output) == "in")
        #expect(try text(child.errors) == "err\n")
        #expect(child.reap() == .exited(3))
        #expect(child.reap() == .exited(3))
        #expect(!child.reap().isSuccess)
    }

    @Test func standardStreamsMayChangePlaces() throws {
        let pipe = try Posix.Pipe()
        let child = try Child(
            ["sh", "-c", "echo out; echo err >&2"], output: .pipe, errors: .descriptor(pipe.writing))
        #expect(try text(child.output) == "out\n")
        #expect(child.reap().isSuccess)
        var room = [UInt8](repeating: 0, count: 10)
        #expect(read(pipe.reading.number, &room, 10) == 4)
    }

    @Test func inheritsNothingElse() throws {
        // A number that no child uses itself, and that is nobody else's here.
        var leaked: [Int32] = []
        repeat { leaked.append(dup(0)) } while leaked.last! < 10
        signal(SIGUSR2, SIG_IGN)
        defer {
            for number in leaked { close(number) }
            signal(SIGUSR2, SIG_DFL)
        }
        let child = try Child(["sh", "-c", "ls /proc/$$/fd; exec grep -E 'Sig(Ign|Blk)' /proc/self/status"])
        let lines = try text(child.output).split(whereSeparator: \.isWhitespace)
        #expect(lines.prefix(3) == ["0", "1", "2"])
        #expect(!lines.contains("\(leaked.last!)"))
        // Signals 32 and 33 are glibc's own; its posix_spawn has them ignored in every child.
        let glibcsOwn: UInt64 = 0x1_8000_0000
        let masks = lines.suffix(4).compactMap { $0.hasSuffix(":") ? nil : UInt64($0, radix: 16) }
        #expect(masks.map { $0 & ~glibcsOwn } == [0, 0])
    }

    @Test func takesAnEnvironment() throws {
        let child = try Child(["/bin/sh", "-c", "echo $A-$HOME"], environment: ["A=b"])
        #expect(try text(child.output) == "b-\n")
    }

    @Test func tellsWhatCannotBeRun() throws {
        let error = try #require(throws: SystemError.self) { _ = try Child(["no-such-program-here"]) }
        // EACCES: it might be in a directory of PATH that this user may not enter.
        let expected = [ENOENT, EACCES].map { SystemError("run", "no-such-program-here", code: $0) }
        #expect(expected.contains(error))
    }

    @Test func endsWithASignal() throws {
        let child = try Child(["sleep", "60"])
        #expect(child.terminate() == .signalled(SIGTERM))
        #expect(child.reap().description.hasPrefix("ended by signal 15"))
    }

    @Test func killsWhatIgnoresSIGTERM() throws {
        let child = try Child(["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.05; done"], ownGroup: true)
        var room = [UInt8](repeating: 0, count: 10)
        _ = try room.withUnsafeMutableBytes { try #require(child.output).readAvailable(into: $0) }
        let start = Clock.now
        #expect(child.terminate(grace: 0.3) == .signalled(SIGKILL))
        #expect(Clock.now - start >= 0.3)
    }

    /// The pipe to a grandchild ends once the whole group has been killed.
    @Test func aSignalReachesTheWholeGroup() throws {
        let child = try Child(["sh", "-c", "sleep 120 & echo ready; wait"], ownGroup: true)
        var room = [UInt8](repeating: 0, count: 10)
        let output = try #require(child.output)
        _ = try room.withUnsafeMutableBytes { try output.readAvailable(into: $0) }
        #expect(getpgid(child.pid) == child.pid)
        let start = Clock.now
        child.send(SIGKILL)
        #expect(try text(output) == "")
        #expect(child.reap() == .signalled(SIGKILL))
        #expect(Clock.now - start < 60)
    }

    @Test func isKilledWithItsLastReference() throws {
        var child: Child? = try Child(["sleep", "60"])
        let pid = try #require(child?.pid)
        child = nil
        #expect(child == nil)
        #expect(kill(pid, 0) == -1 && errno == ESRCH)
    }
}
