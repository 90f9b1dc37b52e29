import DriverProtocol
import Posix

/// Requests whose responses fit in memory: catalogs, metadata, those of S3.
///
/// Connections are kept between requests. Threads may share one client; each request under way has a connection of its
/// own.
package final class HTTPClient: Sendable {
    package static let defaultBodyLimit = 64 << 20

    package let options: HTTPOptions
    private let log: Log?
    private let idle = Locked<[CurlHandle]>([])

    /// A client that logs to `log` when it tries again. No connection is made yet.
    package init(options: HTTPOptions, log: Log? = nil) {
        self.options = options
        self.log = log
    }

    /// Fetches `url`, and returns a response with a status of 2xx.
    ///
    /// Up to 10 redirects are followed. What may pass by itself (no connection, a broken one, 408, 429, 500, 502, 503,
    /// 504) is tried again. A body over `bodyLimit` bytes, once unpacked, is an error. Throws ``DriverError``, or
    /// `Interrupted` when a signal comes.
    package func get(_ url: WebURL, bodyLimit: Int = defaultBodyLimit) throws -> HTTPResponse {
        let response = try answer(from: url, bodyLimit: bodyLimit)
        guard response.isSuccess else { throw response.error(.get, url) }
        return response
    }

    /// As ``get(_:bodyLimit:)``, for a caller that reads error responses itself: the last attempt's response is
    /// returned whatever its status is.
    package func answer(
        from url: WebURL, headers: HTTPHeaders = [:], bodyLimit: Int = defaultBodyLimit
    ) throws -> HTTPResponse {
        let operation = HTTPMethod.get.operation
        var backoff = Backoff(options)
        while true {
            switch try attempt(.get, url, headers: headers, bodyLimit: bodyLimit, progress: log) {
            case .answer(let answer):
                guard answer.isTransient,
                    try backoff.pause(
                        operation, "\(url)", because: "\(answer.head)", retryAfter: answer.retryAfter, log: log)
                else { return answer }
            case .failure(let failure, _):
                guard failure.isTransient,
                    try backoff.pause(operation, "\(url)", because: failure.text, log: log)
                else { throw DriverError(operation, url, failure, context: backoff.context) }
            }
        }
    }

    func takeHandle() throws(DriverError) -> CurlHandle {
        if let handle = idle.update({ $0.popLast() }) { return handle }
        return try CurlHandle()
    }

    func giveBack(_ handle: CurlHandle) {
        guard !handle.hasFailed else { return }
        idle.update { $0.append(handle) }
    }
}
