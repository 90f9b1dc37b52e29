import DriverProtocol
import Posix
import TestSupport
import Testing

extension Template {
    func contains(_ name: String) -> Bool { self[name]?.isEmpty == false }
}

func request(_ log: Log) throws -> Request {
    let message = try Message(text: Fixture.bytes("messages/market-one-monitor.xml"))
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
