import Checksums
import DriverProtocol
import Glibc
import HTTP
import Posix

/// One request before it is signed.
struct S3Request {
    let method: HTTPMethod
    /// The words for it in errors: `upload`.
    let operation: String
    let bucket: String
    var key: String?
    var query: [(String, String)] = []
    var headers: [(String, String)] = []
    /// The 32 bytes of the body's SHA-256, where they are known already.
    var bodySHA256: [UInt8]?
    /// Whether it matters that it is carried out twice, so that libcurl must not repeat it by itself.
    var countsOnce = false
    /// Whether it leaves something in the bucket that has to be taken back where the answer is not waited for.
    var leavesTraces = false
}

/// What a request asks for beyond its own fields, anew at each attempt, and where its answer's body goes.
protocol S3Receiver: BodyReceiver {
    /// The fields that ask for what is still missing.
    var headers: [(String, String)] { get }
}

/// An S3 service, addressed with one pair of keys.
///
/// Every request is signed anew each time it is made, so that none grows too old. What is learned from one answer (the
/// server's clock, the bucket's region) holds for all that follow. Threads may share a client.
package final class S3Client: Sendable {
    private struct Learned {
        var region: String
        var endpoint: S3Endpoint
        /// Seconds that the server's clock is ahead of ours.
        var clockOffset = 0
    }

    /// Bytes that an answer which breaks off has to bring for the next attempt to count as the first.
    static let progress = 64 << 10

    /// A clock that is off by more than this explains a refusal; services allow 900 s.
    private static let tolerableSkew = 300

    package let log: Log
    private let service: S3Service
    private let http: HTTPClient
    private let learned: Locked<Learned>
    private let attempts: Int

    /// A client that tells `log` when it tries again. No connection is made yet.
    package convenience init(_ service: S3Service, log: Log) {
        self.init(
            service, http: Self.httpClient(service.http, log), attempts: service.http.attempts,
            learned: Locked(Learned(region: service.region, endpoint: service.endpoint)), log: log)
    }

    private init(
        _ service: S3Service, http: HTTPClient, attempts: Int, learned: Locked<Learned>, log: Log
    ) {
        self.service = service
        self.http = http
        self.attempts = attempts
        self.learned = learned
        self.log = log
    }

    private static func httpClient(_ options: HTTPOptions, _ log: Log) -> HTTPClient {
        var options = options
        options.followsRedirects = false
        return HTTPClient(options: options, log: log)
    }

    /// The same service for cleaning up: signals do not break its requests off, and it gives up sooner.
    package var forCleanup: S3Client {
        var options = service.http
        options.heedsSignals = false
        options.connectTimeout = min(options.connectTimeout, 5)
        options.stallTimeout = min(options.stallTimeout, 20)
        return S3Client(
            service, http: Self.httpClient(options, log), attempts: 4, learned: learned, log: log)
    }

    /// Makes a request and answers what came with status 2xx; anything else is a ``DriverError``.
    func perform(_ request: S3Request, body: UnsafeRawBufferPointer? = nil) throws -> S3Answer {
        let answer = try exchange(request, body: body)
        guard answer.isSuccess else { throw error(answer, request) }
        return answer
    }

    /// Makes a request and answers whatever came in the end. What may pass by itself is tried again, so that a request
    /// must be one that may be made twice: see ``S3Answer/isRepeated``. A receiver says each time what it still lacks.
    ///
    /// Throws ``DriverError`` where no answer came, and `Interrupted` when a signal did or `goOn` answered false.
    func exchange(
        _ request: S3Request, body: UnsafeRawBufferPointer? = nil,
        into receiver: (any S3Receiver)? = nil, goOn: @escaping () -> Bool = { true }
    ) throws -> S3Answer {
        let payload = payloadHash(of: body, sha256: request.bodySHA256)
        var failures = 0
        var isRepeated = false
        var corrections = 0
        while true {
            let problem: String
            let known = learned.read { $0 }
            switch try attempt(request, known, payload: payload, body: body, into: receiver, goOn: goOn) {
            case .cancelled: throw S3Cancelled()
            case .answer(let response):
                let answer = S3Answer(response, isRepeated: isRepeated)
                if corrections < 3, !answer.isSuccess, learn(from: answer, to: known) {
                    corrections += 1
                    continue
                }
                failures += 1
                guard !answer.isSuccess, answer.isTransient, failures < attempts else { return answer }
                problem = answer.cause
            case .failure(let failure, let isTransient, let received):
                // What has come need not come again: it is not the same attempt.
                failures = receiver != nil && received >= Self.progress ? 1 : failures + 1
                guard isTransient, failures < attempts else { throw error(failure, request, failures) }
                problem = failure.cause
            }
            isRepeated = true
            try pause(afterFailure: failures, request, problem, goOn: goOn)
        }
    }

    private func attempt(
        _ request: S3Request, _ known: Learned, payload: PayloadHash, body: UnsafeRawBufferPointer?,
        into receiver: (any S3Receiver)?, goOn: @escaping () -> Bool
    ) throws -> HTTPAttempt {
        let (host, path) = known.endpoint.location(bucket: request.bucket, key: request.key)
        let headers = request.headers + (receiver?.headers ?? [])
        let signed = Signature.fields(
            method: request.method.rawValue, host: host, path: path, query: request.query, headers: headers,
            payload: payload, credentials: service.credentials, region: known.region,
            time: service.clock() + known.clockOffset)
        let query = request.query.isEmpty ? "" : "?" + queryString(request.query)
        return try http.attempt(
            request.method, "\(known.endpoint.scheme)://\(host)\(path)\(query)", headers: headers + signed,
            body: body, into: receiver, onNewConnection: request.countsOnce,
            awaitsAnswer: request.leavesTraces, goOn: goOn)
    }

    /// Whether the SHA-256 of a request's body is signed. What TLS protects needs no second digest.
    var signsBodies: Bool { service.endpoint.scheme != "https" }

    private func payloadHash(of body: UnsafeRawBufferPointer?, sha256: [UInt8]?) -> PayloadHash {
        guard let body else { return .empty }
        return signsBodies ? .sha256(hexadecimal(sha256 ?? Hash.sha256(body))) : .unsigned
    }

    func pause(
        afterFailure failures: Int, _ request: S3Request, _ problem: String, goOn: () -> Bool
    ) throws {
        let ceiling = min(service.http.retryDelay * Double(1 << min(failures - 1, 10)), 20)
        let delay = Double.random(in: ceiling / 2...ceiling)
        let rounded = (delay * 10).rounded() / 10
        log.info(
            redacted("cannot \(request.operation) \(name(of: request)) yet: \(problem); trying again in \(rounded) s"))
        let deadline = Clock.now + delay
        while Clock.now < deadline {
            guard goOn() else { throw S3Cancelled() }
            if http.options.heedsSignals {
                try sleep(until: min(deadline, Clock.now + 0.2))
            } else {
                usleep(50_000)
            }
        }
    }
}

/// What answers teach, and how errors are told.
extension S3Client {
    /// Takes clock and region from the refusal of a request that was made with what was `known`; whether it is worth
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

    /// Bytes a second that downloads may take.
    var bandwidthLimit: UInt64? { service.http.bandwidthLimit }

    /// The region that the bucket is known to be in.
    package var region: String { learned.read { $0.region } }

    func error(_ answer: S3Answer, _ request: S3Request) -> DriverError {
        DriverError(
            request.operation, name(of: request), cause: redacted(answer.cause),
            remedy: answer.remedy(keys: service.credentials.names))
    }

    private func error(_ failure: DriverError, _ request: S3Request, _ failures: Int) -> DriverError {
        DriverError(
            request.operation, name(of: request),
            cause: (failures > 1 ? "tried \(failures) times: " : "") + redacted(failure.cause), remedy: failure.remedy)
    }

    /// What errors call an object of this service: `s3://BUCKET/KEY at https://s3.example`.
    package func name(bucket: String, key: String?) -> String {
        "s3://\(bucket)" + (key.map { "/" + $0 } ?? "") + " at " + learned.read { $0.endpoint.name }
    }

    func name(of request: S3Request) -> String { name(bucket: request.bucket, key: request.key) }

    /// `text` from the service without the secrets that it may echo.
    private func redacted(_ text: String) -> String {
        var text = text
        for secret in [service.credentials.secretAccessKey, service.credentials.sessionToken ?? ""]
        where !secret.isEmpty {
            text = text.replacing(secret, with: "…")
        }
        return text
    }
}

/// Another part of the same transfer has failed, and this one is not wanted any more.
struct S3Cancelled: Error {}

/// Where a service is, who asks, and how.
package struct S3Service: Sendable {
    package var endpoint: S3Endpoint
    package var region: String
    package var credentials: S3Credentials
    package var http: HTTPOptions
    /// Seconds since 1970.
    var clock: @Sendable () -> Int = { time(nil) }

    package init(endpoint: S3Endpoint, region: String, credentials: S3Credentials, http: HTTPOptions = HTTPOptions()) {
        self.endpoint = endpoint
        self.region = region
        self.credentials = credentials
        self.http = http
    }
}
