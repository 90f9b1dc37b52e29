import Bytes
import DriverProtocol
import HTTP

/// The common part of the marketplaces of public catalogs: the catalog's server, how it is fetched, and which of its
/// apps are wanted under which names.
package struct CatalogMarket: Sendable {
    private static let cacheInput = Input.optional(
        "MARKETPLACE/TEMPLATE/CACHE", default: "NO",
        "`YES` caches the last valid catalog. The server is asked only whether it has changed.")
    private static let limitInput = Input.optional(
        "MARKETPLACE/TEMPLATE/CATALOG_LIMIT_MB", default: "64", "Maximum size of the catalog in MB, 1 to 1024.")
    /// What is read of the message beside the server.
    package static let inputs =
        AppFilter.inputs + AppNames.inputs + [cacheInput, limitInput] + HTTPOptions.catalogInputs

    /// Returns the input that names the server.
    ///
    /// - Parameter standard: the server if it is not set.
    package static func endpoint(default standard: String) -> Input {
        .optional(
            "MARKETPLACE/TEMPLATE/ENDPOINT", default: standard,
            "URL of the server: `http://…` or `https://…`, without user and password.")
    }

    /// The server.
    package let endpoint: WebURL
    /// The server as written in the marketplace's template.
    package let statedEndpoint: String
    package let names: AppNames
    package let filter: AppFilter
    package let options: HTTPOptions
    /// Whether the last good catalog is kept.
    let isCached: Bool
    /// The largest catalog, in bytes.
    let limit: Int
    let request: Request

    /// Reads the marketplace's template. Throws a ``DriverError`` that names an attribute with a bad value.
    ///
    /// - Parameters:
    ///   - server: the input that names the server.
    ///   - agent: the User-Agent of the requests.
    package init(_ request: Request, server: Input, agent: String) throws(DriverError) {
        let (endpoint, stated) = try Self.endpoint(request.message, server)
        try self.init(request, endpoint: endpoint, stated: stated, agent: agent)
    }

    /// Like ``init(_:server:agent:)``, for a server that is known.
    ///
    /// - Parameter stated: the server as it was stated, if not as `endpoint` has it.
    package init(
        _ request: Request, endpoint: WebURL, stated: String? = nil, agent: String
    ) throws(DriverError) {
        let message = request.message
        self.request = request
        self.endpoint = endpoint
        statedEndpoint = stated ?? endpoint.text
        names = try AppNames(message)
        filter = try AppFilter(message)
        isCached = try message.flag(Self.cacheInput) && !request.transfer.isTrial
        limit = Int(try message.number(Self.limitInput, in: 1...1024, unit: "MB") ?? 1) << 20
        var options = try HTTPOptions(ofCatalog: request)
        options.userAgent = agent
        options.acceptGzip = true
        self.options = options
    }

    /// Returns the server as written in the message.
    private static func endpoint(
        _ message: Message, _ input: Input
    ) throws(DriverError) -> (WebURL, stated: String) {
        let stated = try message.required(input)
        guard let url = WebURL(base: stated), isSafeInURL(url.text), !"?#".contains(where: url.text.contains) else {
            throw message.invalid(
                input, "is no URL", remedy: "write it as in \(input.standard ?? "https://market.example")")
        }
        // User and password would get into each app's SOURCE and LINK.
        guard !url.authority.contains("@") else {
            throw message.invalid(input, "has a user or a password in it", remedy: "leave them out")
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
