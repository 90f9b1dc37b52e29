import Bytes
import DriverProtocol
import HTTP
import JSON
import Posix

/// A catalog as its server sent it, now or earlier.
package struct CatalogDocument {
    /// Where it came from, redirects left aside.
    package let url: String
    private var bytes: [UInt8]
    /// In which it is kept for the next time, where it is.
    private let copy: CatalogCache.Copy?

    init(url: String, bytes: [UInt8], copy: CatalogCache.Copy? = nil) {
        self.url = url
        self.bytes = bytes
        self.copy = copy
    }

    /// Bytes.
    package var size: Int { bytes.count }

    /// Reads the document, once: `body` is given a reader that stands before its one value, and a function to call now
    /// and then with the reader's offset, which gives back the memory of what has been read.
    package mutating func read<Result>(
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

    /// Calls `body`, which reads the document, and throws what it throws as a ``DriverError`` that names the document.
    package mutating func use<Result>(
        remedy: String, _ body: (inout CatalogDocument) throws -> Result
    ) throws(DriverError) -> Result {
        do {
            return try body(&self)
        } catch {
            let cause = (error as? AppReport.Unusable)?.reason ?? "it is cut, or no JSON: \(error)"
            throw DriverError("use", "the catalog \(quoted(url))", cause: cause, remedy: remedy)
        }
    }

    /// Whether it begins as a JSON object does: a server may answer a page of its own for what it doesn't have.
    var isObject: Bool {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let text = bytes.starts(with: mark) ? bytes.dropFirst(mark.count) : bytes[...]
        return text.first { !isWhiteSpace($0) } == UInt8(ascii: "{")
    }

    /// Keeps the document for the next time, once it has proved to be whole.
    package func keep(log: Log) {
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
    ///
    /// - Parameter part: which of the documents it is that the catalog consists of; each is kept by itself.
    package func fetch(_ path: String, part: Int = 0) throws -> CatalogDocument {
        let url = endpoint + path
        let client = HTTPClient(options: options, log: request.log)
        guard isCached else {
            let response = try client.request(.get, url, bodyLimit: limit)
            return CatalogDocument(url: url, bytes: response.body)
        }
        let cache = CatalogCache(request, part: part, key: "\(options.userAgent ?? "") \(url)")
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

    /// As ``fetch(_:part:)``, for what need not be there: nil where the server says that it is not. Never kept.
    func fetchIfThere(_ path: String) throws -> CatalogDocument? {
        let url = endpoint + path
        let response = try HTTPClient(options: options, log: request.log).exchange(.get, url, bodyLimit: limit)
        // Object stores say 403 where a key is missing and listing is not allowed.
        if [403, 404, 410].contains(response.status) { return nil }
        guard response.isSuccess else { throw response.error(.get, url) }
        return CatalogDocument(url: url, bytes: response.body)
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
