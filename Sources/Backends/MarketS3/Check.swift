import AppTransfer
import DriverProtocol
import HTTP
import S3

/// `market/s3/check`: tries the service, the keys and their rights, one by one, with objects that are removed again.
package enum Check: Action {
    package static let name = "market/s3/check"
    package static let purpose = "tries ENDPOINT, BUCKET and the rights of the keys; prints a line for each check"
    package static let inputs = S3Inputs.all
    package static let sourceInputs = HTTPOptions.datastoreInputs

    /// What is missing is a line, too.
    package static func requiredInputs(for message: Message) -> [Input] { [] }

    package static func run(_ request: Request) throws -> Reply {
        let request = request.trial
        let check = try MarketCheck(request.installation)
        let marketplace = try check.trying("attributes") {
            try S3Marketplace(request)
        } found: {
            "BUCKET is \($0.market.bucket), at \($0.market.service.endpoint.name)"
        }
        guard let marketplace else { return check.reply }
        if try ServiceTrial(marketplace, check).run() {
            var objects = ObjectTrial(marketplace, request, check)
            try objects.run()
        }
        return check.reply
    }
}
