import DriverProtocol
import Posix
import TestSupport
import Testing

extension Template {
    func contains(_ name: String) -> Bool { self[name]?.isEmpty == false }
}

/// A request for a marketplace that states no server.
func request(_ log: Log, _ attributes: [String: String] = [:]) throws -> Request {
    let plain = try DriverMessage("market-one-monitor").with("MARKETPLACE/TEMPLATE/ENDPOINT", nil)
    let recorded = attributes.reduce(plain) {
        $0.with("MARKETPLACE/TEMPLATE/" + $1.key, $1.value)
    }
    let message = try Message(text: Array(recorded.xml.utf8))
    return Request(
        message: message, id: 0, log: log, installation: Installation(location: "/nonexistent"), settings: Settings())
}

func apps(_ report: Reply) throws -> [Template] {
    try apps(ofReport: String(decoding: report.bytes, as: UTF8.self))
}
