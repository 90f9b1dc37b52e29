import Glibc
import TestSupport
import Testing

/// The signals by which a person, a terminal or a driver manager ends an action: Ctrl-C, a closed window, Ctrl-\, kill(1).
@Suite struct SignalTests {
    @Test(arguments: [SIGTERM, SIGINT, SIGHUP, SIGQUIT]) func anImportTakesItsFileBack(signal: Int32) throws {
        let market = try LocalMarket()
        let image = try market.directory.write("image", TestFiles.noise(256 << 20))
        let action = try RunningAction("market-http-import", market.importMessage(image), in: market)
        try action.whileStopped { _ in action.send(signal) }
        expectRefusal(try action.finish(), ["ended by signal \(signal) "])
        #expect(try market.published() == [])
    }
}
