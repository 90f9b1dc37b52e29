import DriverProtocol
import Posix
import TestSupport
import Testing

extension Template {
    func contains(_ name: String) -> Bool { self[name]?.isEmpty == false }
}

func request(_ log: Log, _ attributes: [String: String] = [:]) throws -> Request {
    let recorded = try attributes.reduce(DriverMessage("market-one-monitor")) {
        $0.with("MARKETPLACE/TEMPLATE/" + $1.key, $1.value)
    }
    let message = try Message(text: Array(recorded.xml.utf8))
    return Request(
        message: message, id: 0, log: log, installation: Installation(location: "/nonexistent"), settings: Settings())
}

func apps(_ report: Reply) throws -> [Template] {
    try String(decoding: report.bytes, as: UTF8.self).split(separator: "\n").map { line in
        let bytes = try #require(Base64.decode(Array(line.dropFirst(5).dropLast().utf8)))
        #expect(line.hasPrefix("APP=\"") && line.hasSuffix("\""))
        return try Template(parsing: String(decoding: bytes, as: UTF8.self))
    }
}
