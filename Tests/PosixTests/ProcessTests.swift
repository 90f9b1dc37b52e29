import Glibc
import Posix
import Testing

@Suite struct ProcessTests {
    @Test("the environment is that of the process")
    func environment() {
        let strings = CurrentProcess.environment
        #expect(strings.contains("PATH=" + (CurrentProcess.environmentVariable("PATH") ?? "")))
        #expect(strings.allSatisfy { $0.contains("=") })
    }

    @Test("a group lives as long as one of its members does")
    func group() throws {
        let child = try Child(["sh", "-c", "sleep 60 & exit 0"], output: .null, errors: .null, ownGroup: true)
        #expect(child.reap() == .exited(0))
        #expect(child.isGroupAlive)
        child.send(SIGKILL)
        let deadline = Clock.now + 10
        while child.isGroupAlive, Clock.now < deadline { usleep(5000) }
        #expect(!child.isGroupAlive)
        let plain = try Child(["true"], output: .null, errors: .null)
        #expect(!plain.isGroupAlive)
        _ = plain.reap()
    }
}
