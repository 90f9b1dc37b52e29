import DriverProtocol

/// An HTTP server's answer.
package struct HTTPResponse: Sendable {
    package let status: Int
    package let headers: HTTPHeaders
    /// The first 64 KiB of it where the status is not 2xx.
    package let body: [UInt8]
    /// Where redirects have led. May hold secrets: see ``redacted(_:)``.
    package let effectiveURL: String
    let head: ResponseHead

    init(head: ResponseHead, body: [UInt8]) {
        status = head.status
        headers = head.headers
        self.head = head
        self.body = body
        effectiveURL = head.effectiveURL
    }

    package var isSuccess: Bool { Status.isSuccess(status) }
    /// Whether the same request may succeed a little later, as far as the status tells.
    package var isTransient: Bool { Status.isTransient(status) }

    /// The error of a request that has got this for an answer.
    package func error(_ method: HTTPMethod, _ url: String) -> DriverError { DriverError(method.operation, url, head) }
}

extension DriverError {
    /// The error of a request that was answered with a status other than the one hoped for. `context` goes
    /// before the cause.
    init(_ operation: String, _ url: String, _ head: ResponseHead, context: String = "") {
        let location = head.headers["Location"].map { " (to \(redacted($0)))" } ?? ""
        self.init(
            operation, redacted(url), cause: context + head.description + location,
            remedy: Status.remedy(head.status))
    }

    /// The error of a request that was not answered, or not to the end. `context` goes before the cause.
    init(_ operation: String, _ url: String, _ failure: TransferFailure, context: String = "") {
        self.init(operation, redacted(url), cause: context + failure.text, remedy: failure.remedy)
    }
}
