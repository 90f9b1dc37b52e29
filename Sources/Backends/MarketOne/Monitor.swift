import Catalog
import DriverProtocol
import HTTP
import JSON

/// `market/one/monitor`: lists the apps of the OpenNebula Marketplace, the Community Marketplace or another AppMarket.
package enum Monitor: Action {
    package static let name = "market/one/monitor"
    package static let purpose = "prints an APP=\"BASE64\" line for each app of the catalog"
    package static let inputs = [endpoint] + CatalogMarket.inputs
    package static let sourceInputs = HTTPOptions.datastoreInputs
    static let endpoint = CatalogMarket.endpoint(default: "https://marketplace.opennebula.io")

    package static func run(_ request: Request) throws -> Reply {
        let market = try market(request)
        var document = try market.fetch("/appliance")
        let reply = try report(&document, market, log: request.log).reply(of: document.url)
        document.keep(log: request.log)
        return reply
    }

    static func market(_ request: Request) throws(DriverError) -> CatalogMarket {
        try CatalogMarket(request, server: endpoint, agent: CatalogMarket.agent(request.installation))
    }

    /// Returns the apps of a catalog. Throws a ``DriverError`` if the catalog is not whole.
    static func report(
        _ document: inout CatalogDocument, _ market: CatalogMarket, log: Log
    ) throws(DriverError) -> AppReport {
        var report = AppReport(catalogSize: document.size, log: log)
        try document.use(remedy: "check that ENDPOINT is a marketplace") { document in
            let isCatalog = try document.read { reader, release in
                try read(&reader, into: &report, market, release: release)
            }
            guard isCatalog else { throw AppReport.Unusable("it has no list 'appliances'") }
        }
        return report
    }

    /// Reads the appliances. Returns whether there was a list of them.
    private static func read(
        _ reader: inout JSONReader, into report: inout AppReport, _ market: CatalogMarket, release: (Int) -> Void
    ) throws -> Bool {
        var hasList = false
        let isObject = try reader.members { name, reader in
            guard name == "appliances" else { return try reader.skip() }
            hasList = try reader.elements { reader in
                add(try reader.value(members: Appliance.members), to: &report, market)
                release(reader.offset)
            }
            if !hasList { try reader.skip() }
        }
        if !isObject { try reader.skip() }
        return hasList
    }

    private static func add(_ value: JSONValue?, to report: inout AppReport, _ market: CatalogMarket) {
        guard let value else {
            return report.leaveOut("?", "its description is nested too deeply, or has too much in it")
        }
        var label: String { value["name"]?.scalar ?? Appliance.id(of: value) ?? "?" }
        do {
            let appliance = try Appliance(value, endpoint: market.endpoint, names: market.names)
            guard appliance.passes(market.filter) else { return report.filterOut() }
            let app = try appliance.template { warning in report.warn(label, warning) }
            report.append(app, name: appliance.name)
        } catch {
            report.leaveOut(label, error.reason)
        }
    }
}
