import Posix

/// The name of a journal's file: `ZONE.MARKETPLACE.APP.REGTIME.RANDOM.STATE`.
struct JournalName: Equatable {
    let app: JournaledApp
    let unique: String
    var state: JournalState

    /// A new name.
    init(_ app: JournaledApp, _ state: JournalState) {
        self.app = app
        self.state = state
        unique = randomName()
    }

    /// Reads a name. Returns nil if it is none.
    init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 6, let state = JournalState(rawValue: parts[5]),
            parts[..<5].allSatisfy({ !$0.isEmpty && !$0.utf8.contains(UInt8(ascii: "/")) })
        else { return nil }
        app = JournaledApp(market: parts[..<2].joined(separator: "."), app: parts[2..<4].joined(separator: "."))
        unique = parts[4]
        self.state = state
    }

    var text: String { "\(app.market).\(app.app).\(unique).\(state.rawValue)" }
}
