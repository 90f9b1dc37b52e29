import Catalog
import ContainerImages
import DriverProtocol
import HTTP

/// `market/linuxcontainers/monitor`: lists the images of a simplestreams server as apps.
package enum Monitor: Action {
    package static let name = "market/linuxcontainers/monitor"
    package static let purpose = "prints an APP=\"BASE64\" line for each image of the catalog"
    package static let inputs = ContainerOptions.inputs + CatalogMarket.inputs
    package static let sourceInputs = HTTPOptions.datastoreInputs

    private static let architectures: Set<String> = ["x86_64", "aarch64"]
    private static let tested: Set<String> = [
        "almalinux", "alpine", "amazonlinux", "debian", "devuan", "fedora", "opensuse", "oracle", "rockylinux",
        "ubuntu",
    ]

    package static func run(_ request: Request) throws -> Reply {
        let market = try market(request)
        let options = try ContainerOptions(request)
        return try report(market, options, log: request.log).reply(of: market.endpoint)
    }

    static func market(_ request: Request) throws(DriverError) -> CatalogMarket {
        let agent = request.installation.version.map { "OpenNebula \($0)" } ?? "OpenNebula"
        return try CatalogMarket(request, server: ContainerSource.endpoint, agent: agent)
    }

    /// Returns the apps of all of a server's lists. Throws if one of them cannot be had or is not whole.
    private static func report(_ market: CatalogMarket, _ options: ContainerOptions, log: Log) throws -> AppReport {
        var report = AppReport(catalogSize: 0, log: log)
        try SimpleStreams.forEachDocument(of: market) { document in
            try add(&document, to: &report, market, options)
            document.keep(log: log)
            return true
        }
        return report
    }

    /// Adds the apps of a list. Throws a ``DriverError`` if it is not whole.
    static func add(
        _ document: inout CatalogDocument, to report: inout AppReport, _ market: CatalogMarket,
        _ options: ContainerOptions
    ) throws(DriverError) {
        report.makeRoom(forCatalogOf: document.size / 4)
        try document.use(remedy: "check that ENDPOINT is an image server") { document in
            try SimpleStreams.read(&document, architectures: architectures) { product in
                if options.skipsUntested, !tested.contains(product.distribution) { return report.filterOut() }
                let app = ContainerApp(product, market: market, options: options)
                guard app.passes(market.filter) else { return report.filterOut() }
                do throws(AppReport.Unusable) {
                    report.append(try app.template(), name: app.name ?? "")
                } catch {
                    report.leaveOut(app.title, error.reason)
                }
            }
        }
    }
}
