import DriverProtocol
import HTTP

extension CatalogMarket {
    /// Fetches the document at `path`, which begins with a slash, from the server. With CACHE, returns the kept one if
    /// the server says that nothing has changed.
    ///
    /// - Parameter part: the number of the document in its catalog; each is kept by itself.
    /// - Throws: ``DriverError`` or `Interrupted`.
    package func fetch(_ path: String, part: Int = 0) throws -> CatalogDocument {
        let url = endpoint.appending(path)
        let client = HTTPClient(options: options, log: request.log)
        guard isCached else { return CatalogDocument(url: url, bytes: try client.get(url, bodyLimit: limit).body) }
        let cache = CatalogCache(request, part: part, key: "\(options.userAgent ?? "") \(url.text)")
        if let kept = cache.load(limit: limit) {
            let response = try client.answer(from: url, headers: kept.validators.headers, bodyLimit: limit)
            if response.status == 304 {
                request.log.info("the catalog has not changed since it was last fetched")
                return CatalogDocument(url: url, bytes: kept.bytes)
            }
            guard response.isSuccess else { throw response.error(.get, url) }
            return document(response, url, cache)
        }
        return document(try client.get(url, bodyLimit: limit), url, cache)
    }

    /// Like ``fetch(_:part:)``, but returns nil if the server says that there is no such document. Never kept.
    func fetchIfThere(_ path: String) throws -> CatalogDocument? {
        let url = endpoint.appending(path)
        let response = try HTTPClient(options: options, log: request.log).answer(from: url, bodyLimit: limit)
        // Object stores say 403 for a missing key if listing is not allowed.
        if [403, 404, 410].contains(response.status) { return nil }
        guard response.isSuccess else { throw response.error(.get, url) }
        return CatalogDocument(url: url, bytes: response.body)
    }

    private func document(_ response: HTTPResponse, _ url: WebURL, _ cache: CatalogCache) -> CatalogDocument {
        let validators = CatalogCache.Validators(
            etag: response.headers["ETag"], lastModified: response.headers["Last-Modified"])
        do {
            let copy = try cache.begin(response.body, validators)
            return CatalogDocument(url: url, bytes: response.body, copy: copy)
        } catch {
            request.log.warning("the catalog is not kept for the next time: \(error)")
            return CatalogDocument(url: url, bytes: response.body)
        }
    }
}
