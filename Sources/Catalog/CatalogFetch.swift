import DriverProtocol
import HTTP

/// A catalog as its server sent it, now or earlier.
public struct CatalogDocument {
    /// The answer's body.
    public let bytes: [UInt8]
    /// Where it came from, redirects left aside.
    public let url: String
    let validators: CatalogCache.Validators
    let cache: CatalogCache?
    let isFresh: Bool

    /// Keeps the document for the next time, once it has proved to be whole.
    public func keep(log: Log) {
        guard isFresh, let cache else { return }
        do {
            try cache.store(bytes, validators)
        } catch {
            log.warning("the catalog is not kept for the next time: \(error)")
        }
    }
}

extension CatalogMarket {
    /// Fetches the document at `path`, which begins with a slash, from the server; with CACHE, the one that was kept where
    /// the server says that nothing has changed. Throws ``DriverError`` or `Interrupted`.
    public func fetch(_ path: String) throws -> CatalogDocument {
        let url = endpoint + path
        let client = HTTPClient(options: options, log: request.log)
        guard isCached else {
            let response = try client.request(.get, url, bodyLimit: limit)
            return CatalogDocument(
                bytes: response.body, url: url, validators: CatalogCache.Validators(), cache: nil, isFresh: true)
        }
        let cache = CatalogCache(request, key: "\(options.userAgent ?? "") \(url)")
        if let kept = cache.load(limit: limit) {
            let response = try client.exchange(.get, url, headers: kept.validators.headers, bodyLimit: limit)
            if response.status == 304 {
                request.log.info("the catalog has not changed since it was last fetched")
                return CatalogDocument(
                    bytes: kept.bytes, url: url, validators: kept.validators, cache: cache, isFresh: false)
            }
            if response.isSuccess { return document(response, url, cache) }
        }
        // Once more where the answer was an error: its text is the client's.
        return document(try client.request(.get, url, bodyLimit: limit), url, cache)
    }

    private func document(_ response: HTTPResponse, _ url: String, _ cache: CatalogCache) -> CatalogDocument {
        let validators = CatalogCache.Validators(
            etag: response.headers["ETag"], lastModified: response.headers["Last-Modified"])
        return CatalogDocument(
            bytes: response.body, url: url, validators: validators, cache: cache, isFresh: true)
    }
}
