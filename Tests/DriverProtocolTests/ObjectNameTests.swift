import TestSupport
import Testing

@testable import DriverProtocol

/// The names of objects in log lines.
@Suite struct ObjectNameTests {
    private static let recorded = [
        ("market-http-import.step2", "app 0 \"app raw\""), ("market-http-import.export", "image "),
        ("market-http-monitor", "marketplace 100 \"http market\""), ("datastore-cp-from-app-http-qcow2", "image "),
    ]

    @Test(arguments: recorded) func isThatOfTheRecordedMessage(_ fixture: String, _ name: String) throws {
        let message = try Message(text: Fixture.bytes("messages/\(fixture).xml"))
        let object = try #require(ObjectName(message))
        #expect(object.description.hasPrefix(name), "\(object)")
    }

    private static let hostile = [
        ("Ubuntu 24.04", "app 7 \"Ubuntu 24.04\""), ("a\nLOG E 7 b", "app 7 \"a\\nLOG E 7 b\""),
        ("\" all: \"", "app 7 \"' all: '\""), ("a]]>b\u{1B}[1m\u{2028}", "app 7 \"a]] >b\\u{1b}[1m\\u{2028}\""),
        (String(repeating: "ä", count: 500), "app 7 \"" + String(repeating: "ä", count: 63) + "…\""),
        ("", "app 7 \"\""),
    ]

    @Test(arguments: hostile) func isOneShortLineWhateverTheName(_ name: String, _ shown: String) {
        #expect(ObjectName(kind: "app", id: 7, name: name).description == shown)
    }

    private static let idless = [
        "<MARKETPLACEAPP><NAME>a</NAME></MARKETPLACEAPP>", "<MARKETPLACE><ID>x</ID></MARKETPLACE>", "",
    ]

    @Test(arguments: idless) func thereIsNoneWithoutAnID(_ body: String) throws {
        let text = "<MARKET_DRIVER_ACTION_DATA>\(body)</MARKET_DRIVER_ACTION_DATA>"
        #expect(try ObjectName(Message(text: Array(text.utf8))) == nil)
    }
}
