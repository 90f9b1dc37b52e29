import AppTransfer
import Catalog
import ContainerImages
import DriverProtocol

/// `market/linuxcontainers/check`: tries the server, the catalog, and what images are built with here.
package enum Check: CheckAction {
    package static let name = "market/linuxcontainers/check"
    package static let purpose =
        "tries the server, its catalog, and the tools of builds; prints a line for each check"
    package static let inputs = Monitor.inputs
    package static let sourceInputs = Monitor.sourceInputs
    /// Days after which the server should have a new image: they are made daily.
    private static let ageLimit = 30

    package static func run(_ request: Request, _ check: MarketCheck) throws {
        let attributes = try check.trying("attributes") {
            let (market, options) = (try Monitor.market(request), try ContainerOptions(request))
            let image = ContainerImage(
                url: market.endpoint, size: options.imageSize, fileSystem: options.fileSystem, format: options.format)
            return (market, try BuildTrial(request, image))
        } found: {
            "ENDPOINT is \($0.0.endpoint)"
        }
        guard let (market, build) = attributes else { return }
        try check.tryCatalog(market, request, ageLimit: ageLimit, Monitor.run)
        try check.trying("programs", build.programs)
        try check.trying("STAGING_DIR", build.stagingDirectory)
        try check.trying("context packages", build.packages)
        try check.trying("BUILD_MODE", build.way)
    }
}
