import CCurl
import DriverProtocol

/// The result of one attempt at a request.
package enum HTTPAttempt {
    /// A response, whatever its status.
    case answer(HTTPResponse)
    /// No whole response. `received` bytes of a body with status 2xx had come before it broke.
    case failure(TransferFailure, received: Int)
}

/// Takes the body of a response with status 2xx as it comes. It is called on the thread that makes the request.
package protocol BodyReceiver: AnyObject {
    /// Called before the first byte. Returns false if this is not the requested content, and its body not wanted.
    func begin(status: Int, _ headers: HTTPHeaders) -> Bool
    /// Takes the next bytes of the body. Returns false if no more are wanted.
    func receive(_ bytes: UnsafeRawBufferPointer) -> Bool
    /// Whether everything has come: later failures do not matter.
    var isComplete: Bool { get }
}

extension HTTPClient {
    /// Makes a request once: for callers that sign each attempt anew, and that know which may be repeated.
    ///
    /// The body is sent from `body` as it lies there. A body with status 2xx goes to `sink` if that is given, and may
    /// end early if it is not wanted; else it is kept in memory, up to `bodyLimit` bytes. `goOn` is asked about once a
    /// second, and ends the transfer by returning false. libcurl repeats a request by itself if a connection that it
    /// had kept turns out to be broken; `onNewConnection` rules that out. With `awaitsAnswer` a request that has been
    /// sent as a whole waits for its response before a signal or `goOn` ends it, a few seconds at the most. `progress`
    /// gets told how far a body in memory has come, if that takes its time. Throws ``DriverError``, `Interrupted` when a signal comes, and ``Cancelled`` when `goOn` has ended it.
    package func attempt(
        _ method: HTTPMethod, _ url: WebURL, headers: HTTPHeaders = [:], body: UnsafeRawBufferPointer? = nil,
        into sink: (any BodyReceiver)? = nil, bodyLimit: Int = defaultBodyLimit, onNewConnection: Bool = false,
        awaitsAnswer: Bool = false, progress: Log? = nil, goOn: @escaping () -> Bool = { true }
    ) throws -> HTTPAttempt {
        let handle = try takeHandle()
        defer { giveBack(handle) }
        try handle.prepare(method, url, headers: headers, body: body, options: options)
        if options.acceptGzip { handle.acceptGzip() }
        handle.set(CURLOPT_FRESH_CONNECT, onNewConnection)
        handle.awaitsAnswer = awaitsAnswer
        // A response to HEAD has the length of a body, and none.
        let receiver = SingleAnswer(sink: sink, limit: method == .head ? 0 : bodyLimit, goOn: goOn)
        receiver.makeProgress = progress.map { log in { Progress("fetching \(quoted(url))", total: $0, log: log) } }
        switch (handle.perform(for: receiver), receiver.refusal) {
        case (.interrupted(let interrupted), _): throw interrupted
        case (_, .cancelled): throw Cancelled()
        case (_, .tooLong):
            throw DriverError(
                method.operation, "\(url)", cause: "the answer is longer than \(bodyLimit) bytes",
                remedy: "check that the URL leads to what is expected there")
        case (.failed(let failure), nil) where sink?.isComplete != true:
            return .failure(failure, received: receiver.received)
        case (.failed, _), (.stopped, _), (.completed, _):
            // A response has begun: the transfer was not complete, refused or stopped before.
            return .answer(HTTPResponse(head: receiver.head!, body: receiver.body, retryAfter: handle.retryAfter))
        }
    }
}

/// Keeps a response in memory, or passes it on.
private final class SingleAnswer: TransferReceiver {
    /// The reason why this side has broken a transfer off.
    enum Refusal {
        case cancelled, unwanted, tooLong
    }

    private let sink: (any BodyReceiver)?
    private let limit: Int
    private let goOn: () -> Bool
    /// Makes what tells of the progress of a body with so many bytes.
    var makeProgress: ((UInt64?) -> Progress)?
    private var progress: Progress?
    private(set) var head: ResponseHead?
    private(set) var body: [UInt8] = []
    private(set) var received = 0
    private(set) var refusal: Refusal?

    init(sink: (any BodyReceiver)?, limit: Int, goOn: @escaping () -> Bool) {
        self.sink = sink
        self.limit = limit
        self.goOn = goOn
    }

    func begin(_ head: ResponseHead) {
        self.head = head
        guard head.isSuccess else { return }
        // A compressed body counts as what it becomes, and is announced as it is sent.
        progress = makeProgress?(head.headers["Content-Encoding"] == nil ? head.contentLength : nil)
        if let sink {
            if !sink.begin(status: head.status, head.headers) { refusal = .unwanted }
        } else if let length = head.contentLength {
            // A body that is moved as it grows takes its size once more.
            body.reserveCapacity(Int(clamping: min(length, UInt64(limit))))
        }
    }

    func receive(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard refusal == nil else { return false }
        guard head?.isSuccess == true else {
            body.append(contentsOf: bytes.prefix(HTTPResponse.errorBodyLimit - body.count))
            if body.count == HTTPResponse.errorBodyLimit { refusal = .unwanted }
            return refusal == nil
        }
        received += bytes.count
        progress?.advance(UInt64(bytes.count))
        if let sink {
            if !sink.receive(bytes) { refusal = .unwanted }
        } else if received <= limit {
            body.append(contentsOf: bytes)
        } else {
            refusal = .tooLong
        }
        return refusal == nil
    }

    func endRound() -> Bool {
        if !goOn() { refusal = .cancelled }
        return refusal == nil
    }
}
