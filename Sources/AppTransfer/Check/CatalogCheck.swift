import Catalog
import DriverProtocol
import HTTP
import Posix

extension MarketCheck {
    /// Tries the server of a catalog, and the catalog.
    ///
    /// - Parameters:
    ///   - ageLimit: the days after which the newest app should have been followed by another one.
    ///   - monitor: lists the apps.
    package func tryCatalog(
        _ market: CatalogMarket, _ request: Request, ageLimit: Int, _ monitor: (Request) throws -> Reply
    ) throws {
        let client = HTTPClient(options: market.options, log: request.log)
        guard try tryServer(market.options, { try client.facts(of: market.endpoint) }) != nil else {
            return try skip("catalog", because: "the server cannot be reached")
        }
        let listed = try trying("catalog") {
            try ListedApps(monitor(request))
        } found: { apps in
            "\(counted(apps.count, "app")) \(apps.count == 1 ? "is" : "are") listed"
        }
        guard let newest = listed?.newest, let day = Timestamp.day(newest) else { return }
        let days = (Int(WallClock.now) - newest) / Self.secondsOfDay
        try trying("age") {
            days <= ageLimit
                ? .works("the newest app is of \(day)")
                : .note(
                    "the newest app is of \(day), \(counted(days, "day")) old: see whether ENDPOINT is kept up to date, "
                        + "and what the filters leave out")
        }
    }
}

/// The apps in the reply of a catalog's `monitor`.
private struct ListedApps {
    let count: Int
    /// The latest REGTIME in seconds since 1970, or nil if no app has one.
    let newest: Int?

    init(_ reply: Reply) {
        let (beginning, end) = ("APP=\"".utf8, UInt8(ascii: "\""))
        let apps = reply.bytes.split(separator: 0x0A).filter { $0.starts(with: beginning) }
        count = apps.count
        newest = apps.compactMap { app in
            let text = app.dropFirst(beginning.count).prefix { $0 != end }
            let template = Base64.decode(text).map { String(decoding: $0, as: UTF8.self) }
            return template.flatMap { try? Template(parsing: $0) }?["REGTIME"].flatMap { Int($0) }
        }.max()
    }
}
