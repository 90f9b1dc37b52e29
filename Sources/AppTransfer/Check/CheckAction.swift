import DriverProtocol

/// `market/*/check`. What is missing in its message is a line of it, too.
package protocol CheckAction: Action {
    /// Tries what the marketplace's other actions need. Throws only what ends the whole check.
    static func run(_ request: Request, _ check: MarketCheck) throws
}

extension CheckAction {
    package static func requiredInputs(for message: Message) -> [Input] { [] }

    package static func run(_ request: Request) throws -> Reply {
        let check = try MarketCheck(request.installation)
        try run(request.trial, check)
        return check.reply
    }
}
