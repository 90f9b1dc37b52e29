import DriverProtocol

/// What is to be done for a request.
enum Plan: Equatable {
    /// Runs `market/NAME/ACTION`.
    case run(market: String)
    /// Runs `datastore/NAME/export`, and `market/NAME/import` with its result.
    case exportAndImport(datastore: String, market: String)
    /// The app has no image. oned expects no answer to its IMPORT, and would store one.
    case nothingToImport
    /// Success without running anything.
    case nothingToDelete
    /// Failure with that reason.
    case refuse(String)

    /// MARKETPLACEAPP/TYPE of apps that are templates: VMTEMPLATE and SERVICE_TEMPLATE.
    private static let templateTypes = ["2", "3"]

    /// Decides on a request. `markets` are the drivers that may be used; empty: all.
    init(_ verb: Verb, _ message: Message, markets: [String]) {
        if verb != .monitor, let type = message.value(.appType), Self.templateTypes.contains(type) {
            self = verb == .importApp ? .nothingToImport : .nothingToDelete
            return
        }
        do {
            let market = try message.required(.marketplaceDriver)
            guard Driver.isName(market), markets.isEmpty || markets.contains(market) else {
                self = .refuse("Marketplace driver \(quoted(market)) not available")
                return
            }
            guard verb == .importApp else {
                self = .run(market: market)
                return
            }
            let datastore = try message.required(.datastoreDriver)
            guard Driver.isName(datastore) else {
                self = .refuse("Datastore driver \(quoted(datastore)) not available")
                return
            }
            self = .exportAndImport(datastore: datastore, market: market)
        } catch {
            self = .refuse("\(error)")
        }
    }
}
