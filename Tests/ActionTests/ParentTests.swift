import Foundation
import Glibc
import Posix
import TestSupport
import Testing

/// The end of an action when the process that has started it is killed.
@Suite struct ParentTests {
    /// Starts an action that waits, with $MANAGER in its environment, and tells its process number.
    private static let script = """
        MARKET_DRIVERS_MAD_PID=$MANAGER "$1" 1 < "$2" 2> /dev/null & echo $!; wait
        """

    /// A driver manager's action ends with it; anybody else's goes on, whatever the environment says.
    @Test(arguments: [("$$", true), ("$PPID", false), ("1", false)])
    func anActionEndsWithItsManagerAlone(manager: String, ends: Bool) throws {
        let directory = try TemporaryDirectory()
        let message = try directory.write("message", DriverMessage("market-http-monitor").base64)
        let parent = try Child(
            [
                "sh", "-c", Self.script.replacing("$MANAGER", with: manager), "sh", Programs.path("idle-action"),
                message,
            ], errors: .null)
        var text: [UInt8] = []
        while text.last != UInt8(ascii: "\n") {
            var byte: [UInt8] = [0]
            let count = try byte.withUnsafeMutableBytes { try parent.output?.readAvailable(into: $0) }
            try #require(count == 1)
            text += byte
        }
        let action = String(decoding: text.dropLast(), as: UTF8.self)
        let number = try #require(pid_t(action))
        #expect(eventually(within: 60) { Progress.catchesSignals(number) })
        // It asks for the signal right behind that.
        usleep(300_000)
        parent.send(SIGKILL)
        _ = parent.reap()
        #expect(OneMarketRig.ends(action, within: ends ? 20 : 1) == ends)
        kill(number, SIGKILL)
    }
}
