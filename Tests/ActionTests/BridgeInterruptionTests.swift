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
