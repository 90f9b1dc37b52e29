import DriverProtocol

/// An HTTP server's response.
package struct HTTPResponse: Sendable {
    /// Bytes that are kept of a response whose status is not 2xx.
    static let errorBodyLimit = 64 << 10

    let head: ResponseHead
    /// Only the first 64 KiB if the status is not 2xx.
    package let body: [UInt8]
    /// Seconds after which the server wants to be asked again, 0 if it did not say.
    package let retryAfter: Double

    package var status: Int { head.status }
    package var headers: HTTPHeaders { head.headers }
    package var isSuccess: Bool { head.isSuccess }
    /// Whether the same request may succeed a little later, as far as the status says.
    package var isTransient: Bool { Status.isTransient(status) }

    /// Returns the error of a request that has got this response.
    package func error(_ method: HTTPMethod, _ url: WebURL) -> DriverError { DriverError(method.operation, url, head) }
}

/// The status of an unwanted answer: `underlying` of the ``DriverError`` that tells of it.
package struct RefusedStatus: Error {
    package let status: Int
}

extension DriverError {
    /// The error of a request whose response has an unwanted status. `context` precedes the cause.
    init(_ operation: String, _ url: WebURL, _ head: ResponseHead, context: String = "") {
        let location = head.headers["Location"].map { " (to \(Location($0)))" } ?? ""
        self.init(
            operation, "\(url)", cause: "\(context)\(head)\(location)", remedy: Status.remedy(head.status),
            underlying: RefusedStatus(status: head.status))
    }

    /// The error of a request that got no response, or not all of it. `context` precedes the cause.
    init(_ operation: String, _ url: WebURL, _ failure: TransferFailure, context: String = "") {
        self.init(
            operation, "\(url)", cause: context + failure.text, remedy: failure.remedy, underlying: failure)
    }
}
