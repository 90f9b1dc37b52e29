import DriverProtocol
import Testing

@testable import Catalog

@Suite struct AppFilterTests {
    @Test(arguments: [
        ([], true), (["x86_64"], true), (["AMD64"], true), (["aarch64"], false), (["aarch64", "x86_64"], true),
        (["ppc64", "all"], true), ([""], true),
    ])
    func anAppOfSeveralArchitecturesSuitsEach(_ architectures: [String], _ passes: Bool) throws {
        let text = "<MARKETPLACE><TEMPLATE><FILTER_ARCHITECTURE>amd64</FILTER_ARCHITECTURE></TEMPLATE></MARKETPLACE>"
        let filter = try AppFilter(
            Message(text: Array("<MARKET_DRIVER_ACTION_DATA>\(text)</MARKET_DRIVER_ACTION_DATA>".utf8)))
        #expect(filter.passes(type: "IMAGE", architectures: architectures, tags: [], name: "x") == passes)
    }
}
