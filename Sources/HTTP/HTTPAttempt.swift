import CCurl
import DriverProtocol

/// What one attempt at a request has come to.
public enum HTTPAttempt {
    /// An answer, whatever its status.
    case answer(HTTPResponse)
    /// No whole answer. `received` bytes of a body with status 2xx have come before it broke.
    case failure(DriverError, isTransient: Bool, received: Int)
    /// The caller's `goOn` wanted no more.
    case cancelled
}

extension HTTPClient {
    /// Makes a request once: for callers that sign each attempt anew, and that know themselves what may be repeated.
    ///
    /// The body is sent from `body` as it lies there. A body with status 2xx goes into `buffer` where that is given, its
    /// length into ``HTTPResponse/received``, and is an error where it is longer. `goOn` is asked about once a second,
    /// and ends the transfer by answering false. libcurl makes a request again by itself where a connection that it had kept
    /// turns out to be broken; `onNewConnection` rules that out. With `awaitsAnswer` a signal lets a request that has been
    /// sent as a whole wait for its answer, a few seconds at the most. Throws ``DriverError``, or `Interrupted` when a signal comes.
    public func attempt(
        _ method: HTTPMethod, _ url: String, headers: [(String, String)], body: UnsafeRawBufferPointer? = nil,
        into buffer: UnsafeMutableRawBufferPointer? = nil, onNewConnection: Bool = false,
        awaitsAnswer: Bool = false, goOn: @escaping () -> Bool = { true }
    ) throws -> HTTPAttempt {
        let handle = try takeHandle()
        defer { giveBack(handle) }
        try handle.prepare(method, url, headers: headers, body: nil, options: options)
        handle.set(CURLOPT_FRESH_CONNECT, onNewConnection)
        handle.awaitsAnswer = awaitsAnswer
        if let body { handle.setBody(at: body) }
        let receiver = SingleAnswer(buffer: buffer, limit: Self.defaultBodyLimit, goOn: goOn)
        switch handle.perform(for: receiver) {
        case .interrupted(let interrupted): throw interrupted
        case .stopped where !receiver.isFull, .failed where receiver.isCancelled: return .cancelled
        case .failed(let failure) where !receiver.isFull:
            return .failure(
                DriverError(method.operation, url, failure), isTransient: failure.isTransient,
                received: receiver.received)
        case .failed, .stopped, .completed: break
        }
        guard !receiver.isFull, let head = receiver.head else {
            throw DriverError(
                method.operation, redacted(url), cause: "the answer is longer than what was asked for",
                remedy: "check that the URL leads to what is expected there")
        }
        return .answer(HTTPResponse(head: head, body: receiver.body, received: receiver.received))
    }
}

/// Keeps an answer in memory, or in the caller's buffer.
private final class SingleAnswer: TransferReceiver {
    private static let errorLimit = 64 << 10

    private let buffer: UnsafeMutableRawBufferPointer?
    private let limit: Int
    private let goOn: () -> Bool
    private(set) var head: ResponseHead?
    private(set) var body: [UInt8] = []
    private(set) var received = 0
    private(set) var isFull = false
    private(set) var isCancelled = false

    init(buffer: UnsafeMutableRawBufferPointer?, limit: Int, goOn: @escaping () -> Bool) {
        self.buffer = buffer
        self.limit = limit
        self.goOn = goOn
    }

    func begin(_ head: ResponseHead) {
        self.head = head
    }

    func receive(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let head, (200..<300).contains(head.status) else {
            body.append(contentsOf: bytes.prefix(Self.errorLimit - body.count))
            return true
        }
        isFull = received + bytes.count > (buffer?.count ?? limit)
        guard !isFull else { return false }
        if let buffer {
            UnsafeMutableRawBufferPointer(rebasing: buffer[received...]).copyMemory(from: bytes)
        } else {
            body.append(contentsOf: bytes)
        }
        received += bytes.count
        return true
    }

    func endRound() -> Bool {
        isCancelled = !goOn()
        return !isCancelled
    }
}
