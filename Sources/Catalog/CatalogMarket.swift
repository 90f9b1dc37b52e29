import Bytes
import DriverProtocol
import HTTP

/// The common part of the marketplaces of public catalogs: the catalog's server, how it is fetched, and which of its
/// apps are wanted under which names.
package struct CatalogMarket: Sendable {
    /// The largest catalog in MB, unless CATALOG_LIMIT_MB is set.
    package static let standardLimit: UInt64 = 64
    private static let limits: ClosedRange<UInt64> = 1...1024

    /// The server.
    package let endpoint: WebURL
    /// The server as written in the marketplace's template.
    package let statedEndpoint: String
    package let names: AppNames
    package let filter: AppFilter
    let options: HTTPOptions
    /// Whether the last good catalog is kept.
    let isCached: Bool
    /// The largest catalog, in bytes.
    let limit: Int
    let request: Request

    /// Reads the marketplace's template. Throws a ``DriverError`` that names an attribute with a bad value.
    ///
    /// - Parameters:
    ///   - standardEndpoint: the server if ENDPOINT is not set.
    ///   - agent: the User-Agent of the requests.
    package init(_ request: Request, standardEndpoint: String, agent: String) throws(DriverError) {
        let (endpoint, stated) = try Self.endpoint(request.message, standard: standardEndpoint)
        try self.init(request, endpoint: endpoint, stated: stated, agent: agent)
    }

    /// Like ``init(_:standardEndpoint:agent:)``, for a server that is known.
    ///
    /// - Parameter stated: the server as it was stated, if not as `endpoint` has it.
    package init(
        _ request: Request, endpoint: WebURL, stated: String? = nil, agent: String
    ) throws(DriverError) {
        let message = request.message
        let path = "MARKETPLACE/TEMPLATE/"
        self.request = request
        self.endpoint = endpoint
        statedEndpoint = stated ?? endpoint.text
        names = try AppNames(message)
        filter = try AppFilter(message)
        isCached = try message.flag(path + "CACHE", default: false)
        let megabytes = try message.number(path + "CATALOG_LIMIT_MB") ?? Self.standardLimit
        guard Self.limits.contains(megabytes) else {
            throw message.invalid(path + "CATALOG_LIMIT_MB", "is out of range", remedy: "give 1 to 1024 MB")
        }
        limit = Int(megabytes) << 20
        var options = try HTTPOptions(ofCatalog: request)
        options.userAgent = agent
        options.acceptGzip = true
        self.options = options
    }

    /// Returns the server as written in the message.
    private static func endpoint(
        _ message: Message, standard: String
    ) throws(DriverError) -> (WebURL, stated: String) {
        let path = "MARKETPLACE/TEMPLATE/ENDPOINT"
        let stated = message.value(path) ?? standard
        guard let url = WebURL(base: stated), isSafeInURL(url.text), !"?#".contains(where: url.text.contains) else {
            throw message.invalid(path, "is no URL", remedy: "write it as in \(standard)")
        }
        // User and password would get into each app's SOURCE and LINK.
        guard !url.authority.contains("@") else {
            throw message.invalid(path, "has a user or a password in it", remedy: "leave them out")
        }
        return (url, stated)
    }

    /// Returns the User-Agent of OpenNebula's drivers: `OpenNebula 7.4.0 CE (Market Driver)`.
    package static func agent(_ installation: Installation) throws(DriverError) -> String {
        guard let version = installation.version else {
            throw DriverError(
                "read", quoted(installation.remotes + "/VERSION"), cause: "it does not tell the release of OpenNebula",
                remedy: "restore the file: the catalog's server chooses the apps by the release")
        }
        let words = [version, installation.edition].compactMap { $0 }.filter(isSafeInURL)
        return "OpenNebula \(words.joined(separator: " ")) (Market Driver)"
    }
}

/// Whether `text` has only characters that a URL may contain and that mean nothing to a template or a shell: letters,
/// digits, and `-._~:/?@!*+,=%[]&`.
package func isSafeInURL(_ text: String) -> Bool {
    text.utf8.allSatisfy { isAlphanumeric($0) || "-._~:/?#@!*+,=%[]&".utf8.contains($0) }
}
