import Glibc
import Posix
import Testing

/// Imports to a bridge host that fails in the middle.
@Suite struct BridgeBreakdownTests {
    /// Starts an import, and waits until data lies on the host.
    private func started(_ bridge: Bridge) throws -> Child {
        let image = try bridge.directory.write("image", noise(192 << 20))
        let child = try bridge.startImport(image)
        #expect(try bridge.waitForData(9 << 20))
        return child
    }

    private func expectFailure(of child: Child, within seconds: Double, _ parts: String...) throws {
        #expect(child.reap(within: seconds) == .exited(1))
        #expect(try text(child.output) == "")
        let errors = try text(child.errors)
        let lines = errors.split(separator: "\n").filter { !$0.hasPrefix("INFO:") && !$0.hasPrefix("WARN:") }
        #expect(lines.count == 1, "\(errors)")
        for part in parts { #expect(errors.contains(part), "\(errors)") }
    }

    @Test func aConnectionThatIsCut() throws {
        let bridge = try Bridge()
        let child = try started(bridge)
        bridge.server.cutConnections()
        try expectFailure(of: child, within: 60, "Cannot write an image to", "on host bridge1: ")
        #expect(try bridge.isCleanedUp())
        #expect(try bridge.published() == [])
    }

    @Test func aScriptThatIsKilled() throws {
        let bridge = try Bridge()
        let child = try started(bridge)
        for name in ["sh", "dash", "bash"] {
            for process in bridge.server.processes(named: name) { kill(process, SIGTERM) }
        }
        try expectFailure(of: child, within: 60, "on host bridge1")
        #expect(try bridge.isCleanedUp())
        #expect(try bridge.published() == [])
    }

    @Test func aHostThatStopsReading() throws {
        let bridge = try Bridge()
        let child = try started(bridge)
        let scripts = bridge.server.processes(named: "sh")
        #expect(!scripts.isEmpty)
        for script in scripts { kill(script, SIGSTOP) }
        #expect(child.reap(within: 1) == nil, "it waits for the host")
        child.send(SIGTERM)
        try expectFailure(of: child, within: 50, "ended by signal 15")
        for script in scripts { kill(script, SIGCONT) }
        #expect(try bridge.isCleanedUp())
        #expect(try bridge.published() == [])
    }

    /// The operating system of the host hangs, and says nothing any more: ssh notices after a minute.
    @Test func aHostThatHangs() async throws {
        let bridge = try Bridge()
        let child = try started(bridge)
        let sessions = bridge.server.processes(named: "sshd")
        #expect(!sessions.isEmpty)
        for session in sessions { kill(session, SIGSTOP) }
        var status: Posix.ExitStatus?
        for _ in 0..<200 where status == nil {
            try await Task.sleep(for: .milliseconds(500))
            status = child.reap(within: 0.001)
        }
        #expect(status == .exited(1), "it gives up")
        try expectFailure(of: child, within: 60, "on host bridge1", "not responding")
        for session in sessions { kill(session, SIGCONT) }
        #expect(try bridge.isCleanedUp())
        #expect(try bridge.published() == [])
    }
}
