import AppTransfer
import Catalog
import DriverProtocol

/// `market/one/check`: tries the server and the catalog.
package enum Check: CheckAction {
    package static let name = "market/one/check"
    package static let purpose = "tries the server and its catalog; prints a line for each check"
    package static let inputs = Monitor.inputs
    package static let sourceInputs = Monitor.sourceInputs
    /// Days after which the marketplace should have a new app.
    private static let ageLimit = 365

    package static func run(_ request: Request, _ check: MarketCheck) throws {
        let market = try check.trying("attributes") {
            try Monitor.market(request)
        } found: {
            "ENDPOINT is \($0.endpoint)"
        }
        if let market {
            try check.tryCatalog(market, request, ageLimit: ageLimit, Monitor.run)
        }
    }
}
