import CCurl
import DriverProtocol

/// What one attempt at a request has come to.
package enum HTTPAttempt {
    /// An answer, whatever its status.
    case answer(HTTPResponse)
    /// No whole answer. `received` bytes of a body with status 2xx have come before it broke.
    case failure(DriverError, isTransient: Bool, received: Int)
    /// The caller's `goOn` wanted no more.
    case cancelled
}

/// Takes the body of an answer with status 2xx as it comes. The calls come from the thread that makes the request.
package protocol BodyReceiver: AnyObject {
    /// Before the first byte; false where this is not what was asked for, and its body not wanted.
    func begin(status: Int, _ headers: HTTPHeaders) -> Bool
    /// Bytes of the body, as many as have come; false where it is not wanted any more.
    func receive(_ bytes: UnsafeRawBufferPointer) -> Bool
    /// Whether all has come: what goes wrong behind that does not matter.
    var isComplete: Bool { get }
}

extension HTTPClient {
    /// Makes a request once: for callers that sign each attempt anew, and that know themselves what may be repeated.
    ///
    /// The body is sent from `body` as it lies there. A body with status 2xx goes to `sink` where that is given, and may
    /// end early where it is not wanted. `goOn` is asked about once a second, and ends the transfer by answering false.
    /// libcurl makes a request again by itself where a connection that it had kept turns out to be broken;
    /// `onNewConnection` rules that out. With `awaitsAnswer` a request that has been sent as a whole waits for its answer
    /// before a signal or `goOn` ends it, a few seconds at the most. Throws ``DriverError``, or `Interrupted` when a signal
    /// comes.
    package func attempt(
        _ method: HTTPMethod, _ url: String, headers: [(String, String)], body: UnsafeRawBufferPointer? = nil,
        into sink: (any BodyReceiver)? = nil, onNewConnection: Bool = false,
        awaitsAnswer: Bool = false, goOn: @escaping () -> Bool = { true }
    ) throws -> HTTPAttempt {
        let handle = try takeHandle()
        defer { giveBack(handle) }
        try handle.prepare(method, url, headers: headers, body: nil, options: options)
        handle.set(CURLOPT_FRESH_CONNECT, onNewConnection)
        handle.awaitsAnswer = awaitsAnswer
        if let body { handle.setBody(at: body) }
        let receiver = SingleAnswer(sink: sink, limit: Self.defaultBodyLimit, goOn: goOn)
        switch (handle.perform(for: receiver), receiver.refusal) {
        case (.interrupted(let interrupted), _): throw interrupted
        case (_, .cancelled): return .cancelled
        case (_, .tooLong):
            throw DriverError(
                method.operation, redacted(url), cause: "the answer is longer than what was asked for",
                remedy: "check that the URL leads to what is expected there")
        case (.failed(let failure), nil) where sink?.isComplete != true:
            return .failure(
                DriverError(method.operation, url, failure), isTransient: failure.isTransient,
                received: receiver.received)
        case (.failed, _), (.stopped, _), (.completed, _):
            // An answer has begun: nothing is complete, unwanted or stopped before.
            return .answer(HTTPResponse(head: receiver.head!, body: receiver.body))
        }
    }
}

/// Keeps an answer in memory, or hands it on.
private final class SingleAnswer: TransferReceiver {
    /// Why a transfer was broken off here.
    enum Refusal {
        case cancelled, unwanted, tooLong
    }

    private static let errorLimit = 64 << 10

    private let sink: (any BodyReceiver)?
    private let limit: Int
    private let goOn: () -> Bool
    private(set) var head: ResponseHead?
    private(set) var body: [UInt8] = []
    private(set) var received = 0
    private(set) var refusal: Refusal?

    init(sink: (any BodyReceiver)?, limit: Int, goOn: @escaping () -> Bool) {
        self.sink = sink
        self.limit = limit
        self.goOn = goOn
    }

    private var isSuccess: Bool { head.map { Status.isSuccess($0.status) } ?? false }

    func begin(_ head: ResponseHead) {
        self.head = head
        if isSuccess, sink?.begin(status: head.status, head.headers) == false { refusal = .unwanted }
    }

    func receive(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard refusal == nil else { return false }
        guard isSuccess else {
            body.append(contentsOf: bytes.prefix(Self.errorLimit - body.count))
            return true
        }
        received += bytes.count
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
