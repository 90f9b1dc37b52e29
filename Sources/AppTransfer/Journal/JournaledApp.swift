import DriverProtocol

/// The identity of an app in the journal of imports: oned uses an id only once with the same time.
struct JournaledApp: Equatable {
    /// The zone's and the marketplace's ids.
    let market: String
    /// The app's id, and its time of registration.
    let app: String

    /// The app of a message; that of a message about no app is empty.
    init(_ message: Message) {
        market = Self.numbers(message, .marketplaceZone, .marketplaceID)
        app = Self.numbers(message, .appID, .appTime)
    }

    init(market: String, app: String) {
        self.market = market
        self.app = app
    }

    /// Returns numbers, which become part of a file's name. Anything else becomes a hyphen.
    private static func numbers(_ message: Message, _ inputs: Input...) -> String {
        inputs.map { input in message.value(input).flatMap { UInt64($0) }.map(String.init) ?? "-" }.joined(
            separator: ".")
    }
}
