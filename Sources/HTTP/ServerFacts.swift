import CCurl
import DriverProtocol

/// What a server shows of itself, whatever it answers.
package struct ServerFacts: Sendable {
    /// Whether it was asked with TLS.
    package let isEncrypted: Bool
    /// Its clock in seconds since 1970, or nil if it does not tell: the field Date.
    package let clock: Int?
    /// When the first of its certificates ends, in seconds since 1970, or nil without TLS, or if libcurl does not tell.
    package let certificateEnd: Int?
}

extension HTTPClient {
    /// Makes a HEAD request once, and follows no redirect. Throws a ``DriverError`` if there is no answer or a proxy
    /// refuses it, or `Interrupted`.
    package func facts(of url: WebURL) throws -> ServerFacts {
        let operation = "reach"
        var options = options
        options.followsRedirects = false
        let handle = try takeHandle()
        defer { giveBack(handle) }
        try handle.prepare(.head, url, headers: [:], options: options)
        handle.set(CURLOPT_CERTINFO, true)
        let receiver = HeadReceiver()
        switch handle.perform(for: receiver) {
        case .interrupted(let interrupted): throw interrupted
        case .failed(let failure) where receiver.head == nil: throw DriverError(operation, url, failure)
        case .completed, .stopped, .failed: break
        }
        guard let head = receiver.head, head.status != Status.proxyRefusal else {
            throw receiver.head.map { DriverError(operation, url, $0) }
                ?? DriverError(operation, "\(url)", cause: "there is no answer", remedy: "see the server's log")
        }
        let label = "Expire date:"
        let ends = handle.certificateFields.filter { $0.hasPrefix(label) }
            .compactMap { Timestamp.certificateDate(String($0.dropFirst(label.count))) }
        return ServerFacts(
            isEncrypted: url.scheme == .https, clock: head.headers["Date"].flatMap(Timestamp.httpDate),
            certificateEnd: ends.min())
    }
}

/// Takes the head of an answer alone.
private final class HeadReceiver: TransferReceiver {
    private(set) var head: ResponseHead?

    func begin(_ head: ResponseHead) { self.head = head }
    func receive(_ bytes: UnsafeRawBufferPointer) -> Bool { false }
    func endRound() -> Bool { true }
}
