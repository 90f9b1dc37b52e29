import AppTransfer
import DriverProtocol
import HTTP
import S3

/// `market/s3/check`: tries the service, the keys and their rights, one by one, with objects that are removed again.
package enum Check: CheckAction {
    package static let name = "market/s3/check"
    package static let purpose = "tries ENDPOINT, BUCKET and the rights of the keys; prints a line for each check"
    package static let inputs = S3Inputs.all
    package static let sourceInputs = HTTPOptions.datastoreInputs

    package static func run(_ request: Request, _ check: MarketCheck) throws {
        let marketplace = try check.trying("attributes") {
            try S3Marketplace(request)
        } found: {
            "BUCKET is \($0.market.bucket), at \($0.market.service.endpoint.name)"
        }
        guard let marketplace else { return }
        if try ServiceTrial(marketplace, check).run() {
            var objects = ObjectTrial(marketplace, request, check)
            try objects.run()
        }
    }
}
