import Foundation
import Glibc
import Posix
import TestSupport
import Testing

/// Imports to a bridge host that end before their time, at any moment: nothing half-done is visible, and the host
/// clears up behind them.
@Suite struct BridgeInterruptionTests {
    static let rounds = 24

    /// Returns the seconds that an undisturbed import of `image` takes.
    private func duration(_ bridge: Bridge, _ image: String) throws -> Double {
        let begun = Clock.now
        _ = try expectSuccess(try bridge.importImage(image))
        defer { try? bridge.clear() }
        return Clock.now - begun
    }

    @Test(arguments: [SIGTERM, SIGINT, SIGKILL])
    func aSignalAtAnyMoment(signal: Int32) throws {
        let bridge = try Bridge()
        let image = try bridge.directory.write("image", noise(24 << 20))
        let sum = try md5(of: image)
        let whole = try duration(bridge, image)
        var random = SeededGenerator.fresh()
        var ended = 0
        for moment in Moment.spread(Self.rounds, duration: whole, bytes: 24 << 20, using: &random) {
            let calls = bridge.server.hostsTried().count
            let child = try bridge.startImport(image)
            moment.wait(for: child)
            child.send(signal)
            let status = child.reap()
            let output = try text(child.output)
            let visible = try bridge.published().filter { !$0.hasPrefix(".") }
            if status == .exited(0) {
                #expect(visible.count == 1 && output.contains(visible.first ?? "?"), "\(moment)")
            } else {
                ended += 1
                #expect(output == "", "\(moment)")
                // A process that is killed while the host is about to say that all is done cannot take it back.
                #expect(visible == [] || signal == SIGKILL, "\(moment)")
                // A process that is still being loaded has taken over no signal, and has begun nothing.
                let hadBegun = bridge.server.hostsTried().count > calls
                let isKill = signal == SIGKILL || !hadBegun && status != .exited(1)
                #expect(status == (isKill ? .signalled(signal) : .exited(1)), "\(moment)")
            }
            if signal != SIGKILL, status == .exited(1) {
                #expect(try text(child.errors).contains("ended by signal \(signal)"), "\(moment)")
            }
            for name in visible { #expect(try md5(of: bridge.market + "/" + name) == sum) }
            #expect(try bridge.isCleanedUp(), "\(moment)")
            try bridge.clear()
        }
        #expect(ended >= Self.rounds / 2, "the signals must come while the import runs; TEST_SEED=\(random.seed)")
    }

}

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
        try expectFailure(of: child, within: 20, "Cannot write an image to", "on host bridge1: ")
        #expect(try bridge.isCleanedUp())
        #expect(try bridge.published() == [])
    }

    @Test func aScriptThatIsKilled() throws {
        let bridge = try Bridge()
        let child = try started(bridge)
        for name in ["sh", "dash", "bash"] {
            for process in bridge.server.processes(named: name) { kill(process, SIGTERM) }
        }
        try expectFailure(of: child, within: 20, "on host bridge1")
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
        try expectFailure(of: child, within: 8, "ended by signal 15")
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
        try expectFailure(of: child, within: 1, "on host bridge1", "not responding")
        for session in sessions { kill(session, SIGCONT) }
        #expect(try bridge.isCleanedUp())
        #expect(try bridge.published() == [])
    }
}

/// Returns all that can be read from a pipe.
func text(_ descriptor: FileDescriptor?) throws -> String {
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = try bytes.withUnsafeMutableBytes { try descriptor?.readAvailable(into: $0, by: Clock.now) } ?? 0
    return String(decoding: bytes[..<count], as: UTF8.self)
}

extension Bridge {
    /// Removes all published files.
    func clear() throws {
        for name in try published() { try FileManager.default.removeItem(atPath: market + "/" + name) }
    }
}
