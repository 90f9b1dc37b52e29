import DriverProtocol
import HTTP
import JSON
import Posix

/// A catalog as its server sent it, now or earlier.
public struct CatalogDocument {
    /// Where it came from, redirects left aside.
    public let url: String
    private var bytes: [UInt8]
    /// In which it is kept for the next time, where it is.
    private let copy: CatalogCache.Copy?

    init(url: String, bytes: [UInt8], copy: CatalogCache.Copy? = nil) {
        self.url = url
        self.bytes = bytes
        self.copy = copy
    }

    /// Bytes.
    public var size: Int { bytes.count }

    /// Reads the document, once: `body` is given a reader that stands before its one value, and a function to call now
    /// and then with the reader's offset, which gives back the memory of what has been read.
    public mutating func read<Result>(
        _ body: (inout JSONReader, _ release: (Int) -> Void) throws -> Result
    ) throws -> Result {
        JSONReader.repair(&bytes)
        return try bytes.withUnsafeMutableBufferPointer { bytes in
            var released = ReleasedPages(UnsafeMutableRawBufferPointer(bytes))
            return try JSONReader.read(bytes) { reader in
                try body(&reader) { offset in released.advance(to: offset) }
            }
        }
    }

    /// Keeps the document for the next time, once it has proved to be whole.
    public func keep(log: Log) {
        do {
            try copy?.publish()
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
            return CatalogDocument(url: url, bytes: response.body)
        }
        let cache = CatalogCache(request, key: "\(options.userAgent ?? "") \(url)")
        if let kept = cache.load(limit: limit) {
            let response = try client.exchange(.get, url, headers: kept.validators.headers, bodyLimit: limit)
            if response.status == 304 {
                request.log.info("the catalog has not changed since it was last fetched")
                return CatalogDocument(url: url, bytes: kept.bytes)
            }
            guard response.isSuccess else { throw response.error(.get, url) }
            return document(response, url, cache)
        }
        return document(try client.request(.get, url, bodyLimit: limit), url, cache)
    }

    private func document(_ response: HTTPResponse, _ url: String, _ cache: CatalogCache) -> CatalogDocument {
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
