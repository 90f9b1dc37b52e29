import AppTransfer
import Catalog
import ContainerImages
import DriverProtocol

/// `market/linuxcontainers/check`: tries the server, the catalog, and what images are built with here.
package enum Check: Action {
    package static let name = "market/linuxcontainers/check"
    package static let purpose =
        "tries the server, its catalog, and the tools of builds; prints a line for each check"
    package static let inputs = Monitor.inputs
    package static let sourceInputs = Monitor.sourceInputs
    /// Days after which the server should have a new image: they are made daily.
    private static let ageLimit = 30

    /// What is missing is a line, too.
    package static func requiredInputs(for message: Message) -> [Input] { [] }

    package static func run(_ request: Request) throws -> Reply {
        let request = request.trial
        let check = try MarketCheck(request.installation)
        let attributes = try check.trying("attributes") {
            let (market, options) = (try Monitor.market(request), try ContainerOptions(request))
            let image = ContainerImage(
                url: market.endpoint, size: options.imageSize, fileSystem: options.fileSystem, format: options.format)
            return (market, try BuildTrial(request, image))
        } found: {
            "ENDPOINT is \($0.0.endpoint)"
        }
        guard let (market, build) = attributes else { return check.reply }
        _ = try check.tryCatalog(market, request, ageLimit: ageLimit, Monitor.run)
        _ = try check.trying("programs", build.programs, verdict: verdict)
        _ = try check.trying("STAGING_DIR", build.stagingDirectory, verdict: verdict)
        _ = try check.trying("context packages", build.packages, verdict: verdict)
        _ = try check.trying("BUILD_MODE", build.way, verdict: verdict)
        return check.reply
    }

    private static func verdict(_ finding: BuildTrial.Finding) -> MarketCheck.Verdict {
        switch finding {
        case .works(let what): .works(what)
        case .note(let what): .note(what)
        }
    }
}
