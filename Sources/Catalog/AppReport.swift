import DriverProtocol

/// The reply of a catalog's `monitor` as it grows: a line `APP="BASE64"` for each app.
package struct AppReport {
    /// The reason why an app cannot be offered.
    package struct Unusable: Error, Equatable {
        package let reason: String

        package init(_ reason: String) {
            self.reason = reason
        }
    }

    /// The number of left-out apps that are named one by one; the rest is counted.
    private static let namedLimit = 100

    private let log: Log
    private var lines: [UInt8] = []
    private var names: Set<String> = []
    package private(set) var count = 0
    package private(set) var filtered = 0
    package private(set) var leftOut = 0

    /// A report for a catalog of that many bytes. What it leaves out is logged to `log`.
    package init(catalogSize: Int, log: Log) {
        self.log = log
        makeRoom(forCatalogOf: catalogSize)
    }

    /// Makes room for the apps of a further catalog of that many bytes.
    package mutating func makeRoom(forCatalogOf size: Int) {
        // Room that is never written to costs nothing, while growing copies everything once more.
        lines.reserveCapacity(lines.count + 2 * size)
    }

    /// Adds an app with that name.
    package mutating func append(_ app: AppTemplate, name: String) {
        if !names.insert(name).inserted {
            log.warning("two apps of the catalog are named \(quoted(name)): oned keeps one of them")
        }
        lines += "APP=\"".utf8
        lines += Base64.encode(app.bytes)
        lines += "\"\n".utf8
        count += 1
    }

    /// Counts an app that the market's filters do not want.
    package mutating func filterOut() {
        filtered += 1
    }

    /// Counts an app that cannot be offered, and names it in a warning.
    package mutating func leaveOut(_ name: String, _ reason: String) {
        leftOut += 1
        if leftOut <= Self.namedLimit {
            log.warning("the app \(quoted(oneLine(name, limit: 120))) is left out: \(reason)")
        } else if leftOut == Self.namedLimit + 1 {
            log.warning("further apps are left out for such reasons")
        }
    }

    /// Warns of something in an app that differs from its catalog.
    package func warn(_ name: String, _ what: String) {
        log.warning("the app \(quoted(oneLine(name, limit: 120))): \(what)")
    }

    /// Returns the finished report. Throws if it has no apps: a catalog is never empty.
    package func reply(of url: WebURL) throws(DriverError) -> Reply {
        if leftOut > Self.namedLimit { log.warning("\(leftOut) apps in all are left out") }
        guard count > 0 else {
            let (cause, remedy) =
                switch (leftOut, filtered) {
                case (0, 0): ("it lists no app", "check ENDPOINT; the server may not serve this release of OpenNebula")
                case (_, 0): ("none of its \(leftOut) apps can be used", "see the warnings in the log of oned")
                default:
                    (
                        "none of its apps passes the filters",
                        "check FILTER_TYPE, FILTER_ARCHITECTURE, FILTER_TAG and FILTER_NAME"
                    )
                }
            throw DriverError("use", "the catalog \(quoted(url))", cause: cause, remedy: remedy)
        }
        return Reply(bytes: lines)
    }
}
