import Foundation
import Glibc
import Posix
import TestSupport
import Testing

@Suite struct ProcessHandleTests {
    @Test func aProcessIsToldToEndAndWaitedFor() throws {
        let child = try Child(["sleep", "60"])
        let process = try #require(ProcessHandle(child.pid))
        #expect(!process.hasEnded(by: Clock.now + 0.05, interruptible: false))
        try process.send(SIGTERM)
        #expect(process.hasEnded(by: Clock.now + 30, interruptible: false))
        #expect(child.reap() == .signalled(SIGTERM))
        // Its number may belong to another one by now, which gets nothing.
        try process.send(SIGKILL)
    }

    @Test func theBeginningOfThisProcessIsKnown() throws {
        let start = try #require(CurrentProcess.startTime)
        let age = try TestFiles.succeed(["ps", "-o", "etimes=", "-p", "\(getpid())"]).output
        let seconds = try #require(Double(age.trimmingCharacters(in: .whitespacesAndNewlines)))
        #expect(abs(WallClock.now - start - seconds) < 2)
    }
}
