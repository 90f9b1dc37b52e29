import Bytes
import Checksums
import DriverProtocol
import Glibc
import HTTP
import Posix

/// Additional fields of a request, anew at each attempt, and the receiver of its response's body.
protocol S3Receiver: BodyReceiver {
    /// The fields that request the missing bytes.
    var headers: HTTPHeaders { get }
}

/// An S3 service, addressed with one pair of keys.
///
/// Every request is signed anew each time it is made, so that none grows too old. Facts learned from one response (the
/// server's clock, the bucket's region) hold for all that follow. Threads may share a client.
package final class S3Client: Sendable {
    private struct Learned {
        var region: String
        var endpoint: S3Endpoint
        /// Seconds that the server's clock is ahead of ours.
        var clockOffset = 0
    }

    /// The bytes that a broken response must bring for the next attempt to count as the first.
    static let progress = 64 << 10

    /// A clock that is off by more than this explains a refusal; services allow 900 s.
    private static let tolerableSkew = 300

    package let log: Log
    private let service: S3Service
    let http: HTTPClient
    private let learned: Locked<Learned>

    /// A client that logs each retry to `log`. No connection is made yet.
    package convenience init(_ service: S3Service, log: Log) {
        self.init(
            service, service.http,
            learned: Locked(Learned(region: service.region, endpoint: service.endpoint)), log: log)
    }

    private init(_ service: S3Service, _ options: HTTPOptions, learned: Locked<Learned>, log: Log) {
        var options = options
        options.followsRedirects = false
        self.service = service
        http = HTTPClient(options: options)
        self.learned = learned
        self.log = log
    }

    /// The same service for cleaning up: signals do not break its requests off, and it gives up sooner.
    package var forCleanup: S3Client {
        var options = service.http
        options.heedsSignals = false
        options.connectTimeout = min(options.connectTimeout, 5)
        options.stallTimeout = min(options.stallTimeout, 20)
        // Even what is tried once alone should leave nothing.
        (options.attempts, options.longestDelay) = (options.attempts == 1 ? 2 : 4, 5)
        return S3Client(service, options, learned: learned, log: log)
    }

    /// Makes a request, and returns a response with status 2xx. Throws a ``DriverError`` for any other.
    func perform(_ request: S3Request, body: UnsafeRawBufferPointer? = nil) throws -> S3Answer {
        let answer = try exchange(request, body: body)
        guard answer.isSuccess else { throw error(answer, request) }
        return answer
    }

    /// Makes a request, and returns the last response, whatever it is. Failures that may pass are retried, so the
    /// request must be one that may be made twice: see ``S3Answer/isRepeated``. A receiver is asked each time which
    /// bytes it lacks.
    ///
    /// - Throws: ``DriverError`` if no response came, `Interrupted` if a signal did, and `Cancelled` if `goOn` returned
    ///   false.
    func exchange(
        _ request: S3Request, body: UnsafeRawBufferPointer? = nil,
        into receiver: (any S3Receiver)? = nil, goOn: @escaping () -> Bool = { true }
    ) throws -> S3Answer {
        let payload = payloadHash(of: body, sha256: request.bodySHA256)
        var backoff = Backoff(http.options)
        var isRepeated = false
        var corrections = 0
        while true {
            let known = learned.read { $0 }
            switch try attempt(request, known, payload: payload, body: body, into: receiver, goOn: goOn) {
            case .answer(let response):
                let answer = S3Answer(response, isRepeated: isRepeated)
                if corrections < 3, !answer.isSuccess, learn(from: answer, to: known) {
                    corrections += 1
                    continue
                }
                guard !answer.isSuccess, answer.isTransient,
                    try pause(&backoff, request, answer.cause, retryAfter: response.retryAfter, goOn: goOn)
                else { return answer }
            case .failure(let failure, let received):
                // Bytes that have come need not come again: it is not the same attempt.
                if receiver != nil, received >= Self.progress { backoff.progressed() }
                guard failure.isTransient, try pause(&backoff, request, failure.text, goOn: goOn) else {
                    throw error(failure, request, context: backoff.context)
                }
            }
            isRepeated = true
        }
    }

    private func attempt(
        _ request: S3Request, _ known: Learned, payload: PayloadHash, body: UnsafeRawBufferPointer?,
        into receiver: (any S3Receiver)?, goOn: @escaping () -> Bool
    ) throws -> HTTPAttempt {
        let (host, path) = known.endpoint.location(bucket: request.bucket, key: request.key)
        let headers = request.headers + (receiver?.headers ?? [:])
        let signed = Signature.fields(
            method: request.method.rawValue, host: host, path: path, query: request.query, headers: headers,
            payload: payload, credentials: service.credentials, region: known.region,
            time: service.clock() + known.clockOffset)
        let query = request.query.isEmpty ? "" : "?" + queryString(request.query)
        return try http.attempt(
            request.method, WebURL(known.endpoint.scheme, host + path + query), headers: headers + signed, body: body,
            into: receiver, onNewConnection: request.onNewConnection, awaitsAnswer: request.awaitsAnswer, goOn: goOn)
    }

    /// Whether the SHA-256 of a request's body is signed. A body that TLS protects needs no second digest.
    var signsBodies: Bool { service.endpoint.scheme != .https }

    private func payloadHash(of body: UnsafeRawBufferPointer?, sha256: [UInt8]?) -> PayloadHash {
        guard let body else { return .empty }
        return signsBodies ? .sha256(hexadecimal(sha256 ?? Hash.sha256(body))) : .unsigned
    }

    func backoff(attempts: Int) -> Backoff {
        var options = http.options
        options.attempts = attempts
        return Backoff(options)
    }

    /// As `Backoff.pause`.
    func pause(
        _ backoff: inout Backoff, _ request: S3Request, _ problem: String, retryAfter: Double = 0, goOn: () -> Bool
    ) throws -> Bool {
        try backoff.pause(
            request.operation, name(of: request), because: withoutSecrets(problem), retryAfter: retryAfter, log: log,
            goOn: goOn)
    }
}

/// Lessons from responses, and the texts of errors.
extension S3Client {
    /// Learns clock and region from the refusal of a request that was made with `known`. Returns whether it is worth
    /// another try. Of several that are refused together the first one teaches all.
    private func learn(from answer: S3Answer, to known: Learned) -> Bool {
        if answer.status == 403, let date = answer.date {
            let offset = date - service.clock()
            if answer.code == "RequestTimeTooSkewed" || abs(offset - known.clockOffset) > Self.tolerableSkew {
                learned.update { $0.clockOffset = offset }
                return true
            }
        }
        guard [301, 307, 400].contains(answer.status), let region = answer.region, region != known.region else {
            return false
        }
        learned.update { now in
            guard now.region != region else { return }
            now.region = region
            now.endpoint = now.endpoint.moved(to: region)
        }
        return true
    }

    /// The service's time in seconds since 1970, as far as it is known to differ from this machine's.
    var now: Int { service.clock() + learned.read { $0.clockOffset } }

    /// The URL of a bucket.
    func url(of bucket: String) -> WebURL {
        let endpoint = learned.read { $0.endpoint }
        let (host, path) = endpoint.location(bucket: bucket, key: nil)
        return WebURL(endpoint.scheme, host + path)
    }

    /// Bytes a second that downloads may take.
    var bandwidthLimit: UInt64? { service.http.bandwidthLimit }

    /// The region in which the bucket is known to be.
    package var region: String { learned.read { $0.region } }

    func error(_ answer: S3Answer, _ request: S3Request) -> DriverError {
        DriverError(
            request.operation, name(of: request), cause: withoutSecrets(answer.cause),
            remedy: answer.remedy(keys: service.credentials.names))
    }

    private func error(_ failure: TransferFailure, _ request: S3Request, context: String) -> DriverError {
        DriverError(
            request.operation, name(of: request), cause: context + withoutSecrets(failure.text), remedy: failure.remedy,
            underlying: failure)
    }

    /// Returns the name in errors of an object of this service: `s3://BUCKET/KEY at https://s3.example`.
    package func name(of object: S3Address) -> String { name("\(object)") }

    func name(of request: S3Request) -> String { name("s3://\(request.bucket)" + (request.key.map { "/" + $0 } ?? "")) }

    private func name(_ address: String) -> String { "\(address) at \(learned.read { $0.endpoint.name })" }

    /// Returns `text` from the service without the secrets that it may echo.
    private func withoutSecrets(_ text: String) -> String {
        var text = text
        for secret in [service.credentials.secretAccessKey, service.credentials.sessionToken ?? ""]
        where !secret.isEmpty {
            text = text.replacing(secret, with: "…")
        }
        return text
    }
}
