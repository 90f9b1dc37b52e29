import Catalog
import DriverProtocol

/// `market/linuxcontainers/monitor`: lists the images of a simplestreams server as apps.
public enum Monitor: Action {
    public static let name = "market/linuxcontainers/monitor"
    public static let purpose = "prints an APP=\"BASE64\" line for each image of the catalog"
    public static let inputs: [String] = []

    private static let architectures: Set<String> = ["amd64", "arm64"]
    private static let tested: Set<String> = [
        "almalinux", "alpine", "amazonlinux", "debian", "devuan", "fedora", "opensuse", "oracle", "rockylinux",
        "ubuntu",
    ]

    public static func run(_ request: Request) throws -> Reply {
        let agent = request.installation.version.map { "OpenNebula \($0)" } ?? "OpenNebula"
        let market = try CatalogMarket(request, standardEndpoint: ImageStream.standardEndpoint, agent: agent)
        let options = try ContainerOptions(request.message)
        var document = try market.fetch(ImageStream.path)
        let reply = try report(&document, market, options, log: request.log).reply(of: document.url)
        document.keep(log: request.log)
        return reply
    }

    /// The apps of a catalog. Throws a ``DriverError`` where the catalog is not whole.
    static func report(
        _ document: inout CatalogDocument, _ market: CatalogMarket, _ options: ContainerOptions, log: Log
    ) throws(DriverError) -> AppReport {
        var report = AppReport(catalogSize: document.size / 4, log: log)
        do {
            try ImageStream.read(&document, architectures: architectures) { product in
                if options.skipsUntested, !tested.contains(product.distribution) { return report.filterOut() }
                let app = ContainerApp(product, market: market, options: options)
                guard app.passes(market.filter) else { return report.filterOut() }
                do throws(AppReport.Unusable) {
                    report.append(try app.template(), name: app.name ?? "")
                } catch {
                    report.leaveOut(app.title, error.reason)
                }
            }
            return report
        } catch {
            let cause = (error as? AppReport.Unusable)?.reason ?? "it is cut, or no JSON: \(error)"
            throw DriverError(
                "use", "the catalog \(quoted(document.url))", cause: cause,
                remedy: "check that ENDPOINT is an image server, and try again later")
        }
    }
}
