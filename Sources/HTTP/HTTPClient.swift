import DriverProtocol
import Posix

/// Requests whose answers fit in memory: catalogs, metadata, S3's own.
///
/// Connections are kept between requests. Threads may share one client; each request under way has a connection of its
/// own.
package final class HTTPClient: Sendable {
    package static let defaultBodyLimit = 64 << 20
    private static let errorBodyLimit = 64 << 10

    package let options: HTTPOptions
    private let log: Log?
    private let idle = Locked<[CurlHandle]>([])

    /// A client that tells `log` when it tries again. No connection is made yet.
    package init(options: HTTPOptions, log: Log? = nil) {
        self.options = options
        self.log = log
    }

    /// Makes a request and answers what came with a status of 2xx.
    ///
    /// GET and HEAD follow up to 10 redirects. What may pass by itself (no connection, a broken one, 408, 429, 500,
    /// 502, 503, 504) is tried again, so that a request must be one that may be made twice. A body over `bodyLimit`
    /// bytes, once unpacked, is an error. Throws ``DriverError``, or ``Interrupted`` when a signal comes.
    package func request(
        _ method: HTTPMethod, _ url: String, headers: [(String, String)] = [], body: [UInt8]? = nil,
        bodyLimit: Int = defaultBodyLimit
    ) throws -> HTTPResponse {
        let response = try exchange(method, url, headers: headers, body: body, bodyLimit: bodyLimit)
        guard response.isSuccess else { throw response.error(method, url) }
        return response
    }

    /// As ``request(_:_:headers:body:bodyLimit:)``, for a caller that reads error answers itself, as S3's are worth
    /// it: the last attempt's answer is returned whatever its status is.
    package func exchange(
        _ method: HTTPMethod, _ url: String, headers: [(String, String)] = [], body: [UInt8]? = nil,
        bodyLimit: Int = defaultBodyLimit
    ) throws -> HTTPResponse {
        let handle = try takeHandle()
        defer { giveBack(handle) }
        try handle.prepare(method, url, headers: headers, body: body, options: options)
        if options.acceptGzip { handle.acceptGzip() }
        var backoff = Backoff(options)
        while true {
            let (answer, problem) = try attempt(method, url, on: handle, bodyLimit: bodyLimit)
            if let answer, !Status.isTransient(answer.status) { return answer }
            let isTransient = problem?.isTransient ?? true
            let retryAfter = answer == nil ? 0 : handle.retryAfter
            guard isTransient, let delay = backoff.delayAfterFailure(retryAfter: retryAfter) else {
                if let answer { return answer }
                throw DriverError(method.operation, url, problem!, context: backoff.context)
            }
            log?.retry(method.operation, url, cause: answer?.head.description ?? problem!.text, delay: delay)
            try sleep(until: Clock.now + delay)
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

    /// One attempt: the answer, or why there is none.
    private func attempt(
        _ method: HTTPMethod, _ url: String, on handle: CurlHandle, bodyLimit: Int
    ) throws -> (HTTPResponse?, TransferFailure?) {
        let collector = Collector(limit: bodyLimit, errorLimit: Self.errorBodyLimit)
        let end = handle.perform(for: collector)
        switch end {
        case .interrupted(let interrupted): throw interrupted
        case .failed(let failure) where !collector.isFull: return (nil, failure)
        case .failed, .stopped, .completed: break
        }
        if collector.isFull, collector.isSuccess {
            throw DriverError(
                method.operation, redacted(url), cause: "the answer is longer than \(bodyLimit) bytes",
                remedy: "check that the URL leads to what is expected there")
        }
        return (collector.head.map { HTTPResponse(head: $0, body: collector.body) }, nil)
    }
}

/// Keeps an answer in memory.
private final class Collector: TransferReceiver {
    private let limit: Int
    private let errorLimit: Int
    private(set) var head: ResponseHead?
    private(set) var body: [UInt8] = []
    /// The rest of the body was not wanted.
    private(set) var isFull = false

    init(limit: Int, errorLimit: Int) {
        self.limit = limit
        self.errorLimit = errorLimit
    }

    var isSuccess: Bool { head.map { Status.isSuccess($0.status) } ?? false }

    func begin(_ head: ResponseHead) {
        self.head = head
        // A body that moves as it grows takes its size once more.
        if let length = head.headers["Content-Length"].flatMap({ Int($0) }), length > 0 {
            body.reserveCapacity(min(length, limit))
        }
    }

    func receive(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let room = (isSuccess ? limit : errorLimit) - body.count
        body.append(contentsOf: bytes.prefix(room))
        isFull = bytes.count > room
        return !isFull
    }

    func endRound() -> Bool { true }
}

extension Log {
    /// Tells that a failure may pass by itself.
    func retry(_ operation: String, _ url: String, cause: String, delay: Double) {
        let seconds = (delay * 10).rounded() / 10
        info("cannot \(operation) \(redacted(url)) yet: \(cause); trying again in \(seconds) s")
    }
}
