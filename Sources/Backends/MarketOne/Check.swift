import AppTransfer
import Catalog
import DriverProtocol

/// `market/one/check`: tries the server and the catalog.
package enum Check: Action {
    package static let name = "market/one/check"
    package static let purpose = "tries the server and its catalog; prints a line for each check"
    package static let inputs = Monitor.inputs
    package static let sourceInputs = Monitor.sourceInputs
    /// Days after which the marketplace should have a new app.
    private static let ageLimit = 365

    /// What is missing is a line, too.
    package static func requiredInputs(for message: Message) -> [Input] { [] }

    package static func run(_ request: Request) throws -> Reply {
        let request = request.trial
        let check = try MarketCheck(request.installation)
        let market = try check.trying("attributes") {
            try Monitor.market(request)
        } found: {
            "ENDPOINT is \($0.endpoint)"
        }
        if let market {
            _ = try check.tryCatalog(market, request, ageLimit: ageLimit, Monitor.run)
        }
        return check.reply
    }
}
