import AppTransfer
import Catalog
import DriverProtocol

/// `market/one/check`: fetches the catalog, and counts its apps.
package enum Check: Action {
    package static let name = "market/one/check"
    package static let purpose = "fetches the catalog and counts its apps; prints a line for each check"
    package static let inputs = Monitor.inputs
    package static let sourceInputs = Monitor.sourceInputs

    package static func run(_ request: Request) throws -> Reply {
        var check = MarketCheck()
        _ = try check.trying(
            "catalog", { try Monitor.reply(request, keepsCatalog: false) }, found: { "\($0.apps) apps are listed" })
        return check.reply
    }
}
