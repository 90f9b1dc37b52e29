import DriverProtocol
import Posix

/// A file that is read from an HTTP server, in order and to a verified end.
///
/// The bytes come in on a thread of their own, at most 4 MiB ahead of the reader. A connection that breaks is made
/// again, and the download goes on from where it stopped, with Range and If-Range: see ``Continuation``. No byte is
/// returned twice.
///
/// One thread uses a download.
package final class HTTPDownload {
    private static let operation = "download"
    /// Mirrors without the file that are passed over before any that has it.
    private static let emptyMirrorsLimit = 2

    package let url: WebURL
    private let options: HTTPOptions
    private let log: Log
    private var handle: CurlHandle?
    private(set) var transfer: Transfer?
    private var backoff: Backoff
    private var pin = ContentPin()
    /// The bytes at the front of the current response that were read from an earlier one.
    private var toSkip: UInt64 = 0
    private var emptyMirrors = 0
    private var isOpen = false
    private var isFinished = false

    /// Whether the caller compares the digest with a known one: after a break the download then goes on from any server
    /// that has a file of the same length.
    package var isVerified = false
    /// Whether it has gone on with what may be another file than the one that it began with.
    package private(set) var isPatched = false
    /// The bytes that have been read.
    package private(set) var received: UInt64 = 0
    /// The length of the whole, if the server has announced it.
    package var total: UInt64? { pin.total }
    /// The first 64 KiB of the response that made ``open()`` or ``read(into:)`` throw; empty if there was none.
    package private(set) var errorBody: [UInt8] = []
    /// The URL after redirects, once the download is open.
    package private(set) var effectiveURL: WebURL?

    /// A download that logs to `log` when it has to start again. Requests nothing yet.
    package init(url: WebURL, options: HTTPOptions, log: Log) {
        self.url = url
        self.options = options
        self.log = log
        backoff = Backoff(options)
    }

    deinit {
        close()
    }

    /// Makes the request. Returns the length in bytes if the server announces it. Throws ``DriverError``, or
    /// ``Interrupted`` when a signal comes.
    @discardableResult
    package func open() throws -> UInt64? {
        guard !isOpen else { return total }
        try connect()
        isOpen = true
        return total
    }

    /// Reads some bytes. Returns their number, 0 at the end, when everything that was announced has come. Throws
    /// ``DriverError``, or ``Interrupted`` when a signal comes.
    package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        try open()
        precondition(!buffer.isEmpty)
        while !isFinished {
            try Interrupt.check()
            guard let transfer else { throw problem("it was closed", remedy: "open it again") }
            try skip(transfer)
            let count = transfer.read(into: buffer)
            if count > 0 {
                try advance(by: count)
                return count
            }
            try goOn(after: transfer.awaitEnd())
        }
        return 0
    }

    /// Breaks off the current transfer.
    package func close() {
        transfer?.close()
        transfer = nil
    }

    private func advance(by count: Int) throws {
        received += UInt64(count)
        backoff.progressed()
        if let total, received > total {
            throw problem("more than the announced \(total) bytes have come", remedy: "check the server")
        }
    }

    private func skip(_ transfer: Transfer) throws {
        guard toSkip > 0 else { return }
        let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 1)
        defer { scratch.deallocate() }
        while toSkip > 0 {
            let rest = UnsafeMutableRawBufferPointer(rebasing: scratch.prefix(Int(clamping: toSkip)))
            let count = transfer.read(into: rest)
            if count == 0 { return }
            toSkip -= UInt64(count)
        }
    }

    /// Decides on the end of a response: it is the end of the file, or another request has to follow.
    private func goOn(after end: TransferEnd) throws {
        if case .interrupted(let interrupted) = end { throw interrupted }
        if received == total, toSkip == 0 {
            return finish()
        }
        switch end {
        case .completed where total == nil: return finish()
        case .failed(let failure): try waitBeforeRetry(failure)
        case .completed, .stopped, .interrupted: try waitBeforeRetry(.short(at: received))
        }
        try connect()
    }

    private func finish() {
        isFinished = true
        close()
    }

    private func problem(_ cause: String, remedy: String) -> DriverError {
        close()
        return DriverError(Self.operation, "\(url)", cause: cause, remedy: remedy)
    }
}

/// Requests, and the meaning of their responses.
extension HTTPDownload {
    /// Requests the missing bytes until a response comes that continues the download.
    private func connect() throws {
        while true {
            let transfer = try start()
            if let head = transfer.awaitHead() {
                if try accept(head, from: transfer) { return }
            } else {
                switch transfer.awaitEnd() {
                case .interrupted(let interrupted): throw interrupted
                case .failed(let failure): try waitBeforeRetry(failure)
                case .completed, .stopped: try waitBeforeRetry(.short(at: received))
                }
            }
        }
    }

    private func start() throws -> Transfer {
        close()
        var headers: HTTPHeaders = [:]
        if received > 0 {
            headers.append("Range", "bytes=\(received)-")
            // Another mirror would send the whole file again.
            if !isVerified, let validator = pin.validator { headers.append("If-Range", validator) }
        }
        if self.handle?.hasFailed ?? false { self.handle = nil }
        let handle = try self.handle ?? CurlHandle()
        self.handle = handle
        try handle.prepare(.get, url, headers: headers, options: options)
        let started = Transfer(handle, rate: options.bandwidthLimit)
        transfer = started
        return started
    }

    /// Returns whether the response continues the download, or false if another one is worth a try.
    private func accept(_ head: ResponseHead, from transfer: Transfer) throws -> Bool {
        switch Continuation(head, offset: received, pin: pin, isVerified: isVerified) {
        case .bytes(let skip, let total):
            if received == 0 { try begin(head) } else { note(head) }
            pin.total = total
            toSkip = skip
            return true
        case .complete:
            pin.total = received
            finish()
            return true
        case .changed(let difference):
            try giveUp(
                "the file has changed on the server after \(received) bytes: \(difference)", remedy: "start again")
        case .unpinned:
            try giveUp(
                "the connection broke after \(received) bytes, and the server cannot go on from there: it sends no "
                    + "ranges, or the file has changed", remedy: "start again, on a better connection")
        case .unusable(let what):
            try giveUp("the server cannot go on after \(received) bytes: \(what)", remedy: "check the server")
        case .status:
            try refuse(head, from: transfer)
        }
        return false
    }

    /// Throws the error of a server that has not the missing bytes. A redirector may lead to another one the next time:
    /// if the caller verifies the bytes, this is tried as often as a connection is.
    private func giveUp(_ cause: String, remedy: String) throws {
        guard isVerified, try pause(cause) else { throw problem(backoff.context + cause, remedy: remedy) }
    }

    /// Logs that a file is continued from another place.
    private func note(_ head: ResponseHead) {
        let now = ContentPin(head, total: nil)
        let other = effectiveURL == head.effectiveURL ? nil : head.effectiveURL.map { "from \($0)" }
        let difference = ContentPin(etag: pin.etag, lastModified: pin.lastModified).difference(from: now)
        guard isVerified, other != nil || difference != nil else { return }
        let what = [other, difference].compactMap { $0 }.joined(separator: "; ")
        isPatched = true
        log.info("\(url) goes on after \(received) bytes \(what): its checksum tells whether it is the same")
        effectiveURL = head.effectiveURL
        pin = ContentPin(etag: now.etag, lastModified: now.lastModified, total: pin.total)
    }

    private func begin(_ head: ResponseHead) throws {
        if let text = head.impossibleLength {
            throw problem(
                "the server announces \(oneLine(text, limit: 40)) bytes, which no file has",
                remedy: "see what it, or a proxy before it, sends as Content-Length")
        }
        pin = ContentPin(head, total: head.contentLength)
        effectiveURL = head.effectiveURL
        if head.contentLength == nil, !head.isChunked {
            log.warning("\(url) is sent without its length: only a checksum can tell whether it came whole")
        }
    }

    /// Waits before another attempt if the status may pass by itself, and throws if it will not.
    private func refuse(_ head: ResponseHead, from transfer: Transfer) throws {
        errorBody = readErrorBody(transfer)
        if case .interrupted(let interrupted) = transfer.awaitEnd() { throw interrupted }
        // A server that has sent bytes has the file: another mirror may not have it.
        guard Status.isTransient(head.status) || received > 0 || mayBeElsewhere(head),
            try pause("\(head)", retryAfter: handle?.retryAfter ?? 0)
        else {
            close()
            throw DriverError(Self.operation, url, head, context: backoff.context)
        }
        errorBody = []
    }

    /// Whether a redirect has led to a mirror that has not the file yet: the next one may lead to one that has it.
    private func mayBeElsewhere(_ head: ResponseHead) -> Bool {
        guard head.status == 404, head.effectiveURL != url, emptyMirrors < Self.emptyMirrorsLimit else { return false }
        emptyMirrors += 1
        return true
    }

    private func readErrorBody(_ transfer: Transfer) -> [UInt8] {
        var body: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16 << 10)
        while body.count < HTTPResponse.errorBodyLimit {
            let count = chunk.withUnsafeMutableBytes { transfer.read(into: $0) }
            if count == 0 { break }
            body += chunk[..<count]
        }
        transfer.close()
        return Array(body.prefix(HTTPResponse.errorBodyLimit))
    }

    private func waitBeforeRetry(_ failure: TransferFailure) throws {
        let place = "after \(received)" + (total.map { " of \($0)" } ?? "") + " bytes"
        guard failure.isTransient, try pause("\(failure.text) \(place)") else {
            close()
            let context = backoff.context + (received > 0 ? place + ": " : "")
            throw DriverError(Self.operation, url, failure, context: context)
        }
    }

    private func pause(_ cause: String, retryAfter: Double = 0) throws -> Bool {
        try backoff.pause(Self.operation, "\(url)", because: cause, retryAfter: retryAfter, log: log)
    }
}
