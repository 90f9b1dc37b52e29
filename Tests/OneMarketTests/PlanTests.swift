import DriverProtocol
import Posix
import TestSupport
import Testing

@testable import OneMarket

@Suite struct PlanTests {
    private func plan(_ verb: Verb, _ body: String) throws -> Plan {
        let document = "<MARKET_DRIVER_ACTION_DATA>\(body)</MARKET_DRIVER_ACTION_DATA>"
        return Plan(verb, try Message(text: Array(document.utf8)), markets: ["http", "s3"])
    }

    private static func body(type: String = "1", market: String = "http", datastore: String = "fs") -> String {
        "<MARKETPLACEAPP><TYPE>\(type)</TYPE></MARKETPLACEAPP><MARKETPLACE><MARKET_MAD>\(market)</MARKET_MAD>"
            + "</MARKETPLACE><DATASTORE><DS_MAD>\(datastore)</DS_MAD></DATASTORE>"
    }

    @Test(
        "a request comes to this",
        arguments: [
            (Verb.monitor, body(), Plan.run(market: "http")),
            (.delete, body(market: "s3"), .run(market: "s3")),
            (.importApp, body(), .exportAndImport(datastore: "fs", market: "http")),
            // templates have no image, whatever the driver
            (.importApp, body(type: "2", market: "ghost"), .nothingToImport),
            (.importApp, body(type: "3"), .nothingToImport),
            (.delete, body(type: "2"), .nothingToDelete),
            (.delete, body(type: "3", market: "ghost"), .nothingToDelete),
            // names come out of a message
            (.monitor, body(market: "ghost"), .refuse("Marketplace driver 'ghost' not available")),
            (.monitor, body(market: "../http"), .refuse("Marketplace driver '../http' not available")),
            (.importApp, body(datastore: "../fs"), .refuse("Datastore driver '../fs' not available")),
            (.importApp, body(datastore: "f s"), .refuse("Datastore driver 'f s' not available")),
        ])
    func plans(verb: Verb, body: String, expected: Plan) throws {
        #expect(try plan(verb, body) == expected)
    }

    @Test("a message that names no driver is refused with what is missing")
    func missing() throws {
        guard case .refuse(let market) = try plan(.monitor, "<MARKETPLACE/>"),
            case .refuse(let datastore) = try plan(.importApp, Self.body(datastore: ""))
        else {
            Issue.record("it was not refused")
            return
        }
        #expect(market.contains("MARKETPLACE/MARKET_MAD is missing"))
        #expect(datastore.contains("DATASTORE/DS_MAD is missing"))
    }
}
