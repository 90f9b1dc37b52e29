import CCurl
import DriverProtocol
import Glibc
import Posix

/// The receiver of a transfer's response. It is called on the thread that performs the transfer.
protocol TransferReceiver: AnyObject {
    /// Takes status and headers of the last response, after all redirects: once, before the first byte of the body.
    func begin(_ head: ResponseHead)
    /// Takes a part of the body. Returning false breaks the transfer off.
    func receive(_ bytes: UnsafeRawBufferPointer) -> Bool
    /// Called between the waits for the network. Returning false breaks the transfer off.
    func endRound() -> Bool
}

/// The end of a transfer.
enum TransferEnd: Sendable {
    case completed
    /// The receiver wanted no more.
    case stopped
    case interrupted(Interrupted)
    case failed(TransferFailure)
}

/// One easy handle of libcurl, with a multi handle around it: so that a wait ends at once when a signal comes or when
/// ``wake()`` is called. Connections are kept for the next request.
///
/// One thread at a time uses it, except for ``wake()``.
final class CurlHandle: @unchecked Sendable {
    private static let headerLimit = 256 << 10
    /// Seconds for ``awaitsAnswer``: less than a driver manager waits before it kills.
    private static let answerTimeout = 3.5

    private let easy: UnsafeMutableRawPointer
    private let multi: UnsafeMutableRawPointer
    private let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
    private var headerList: UnsafeMutablePointer<curl_slist>?
    private var bodyLength: curl_off_t = 0
    /// The error of the first option that libcurl refused.
    private var setUp = CURLE_OK
    /// See ``HTTPOptions/heedsSignals``.
    var heedsSignals = true
    /// Those of the request, for its errors.
    var options: HTTPOptions?
    /// Whether a request that has been sent as a whole waits a while for its response when a signal comes, or nobody
    /// wants it any more: the server may carry it out, and the cleanup has to know.
    var awaitsAnswer = false
    /// Whether a transfer has failed. libcurl 7.88 takes no more options after a name could not be resolved.
    private(set) var hasFailed = false

    /// Not nil only while a transfer is performed.
    private var receiver: (any TransferReceiver)?
    private var head: ResponseHead?
    private var headerBytes = 0
    private var hasBegun = false

    init() throws(DriverError) {
        try CurlLibrary.load()
        guard let easy = ccurl_easy_init(), let multi = ccurl_multi_init() else {
            throw DriverError("start", "libcurl", cause: "out of memory", remedy: "free some memory")
        }
        self.easy = easy
        self.multi = multi
    }

    deinit {
        ccurl_easy_cleanup(easy)
        ccurl_multi_cleanup(multi)
        ccurl_list_free(headerList)
        errorText.deallocate()
    }

    /// Sets all options back to libcurl's defaults: curl_easy_reset(3).
    func reset() {
        ccurl_easy_reset(easy)
        ccurl_list_free(headerList)
        headerList = nil
        bodyLength = 0
        awaitsAnswer = false
        setUp = CURLE_OK
    }

    func set(_ option: CURLoption, _ value: Int) { note(ccurl_set_long(easy, option, value)) }
    func set(_ option: CURLoption, _ flag: Bool) { set(option, flag ? 1 : 0) }
    func set(_ option: CURLoption, offset: UInt64) {
        note(ccurl_set_offset(easy, option, curl_off_t(clamping: offset)))
    }
    func set(_ option: CURLoption, _ text: String?) { note(ccurl_set_text(easy, option, text)) }
    func restrictToHTTP() { note(ccurl_restrict_to_http(easy)) }

    private func note(_ code: CURLcode) {
        if setUp == CURLE_OK { setUp = code }
    }

    /// CURLOPT_HTTPHEADER: lines as they are sent, `Name: value`, or `Name:` to leave out one of libcurl's own.
    func setHeaders(_ lines: [String]) {
        ccurl_list_free(headerList)
        headerList = nil
        for line in lines { headerList = ccurl_list_append(headerList, line) }
        note(ccurl_set_pointer(easy, CURLOPT_HTTPHEADER, headerList))
    }

    /// CURLOPT_POSTFIELDS without a copy: `bytes` must stay in place until the request has ended.
    func setBody(at bytes: UnsafeRawBufferPointer) {
        bodyLength = curl_off_t(bytes.count)
        set(CURLOPT_POSTFIELDSIZE_LARGE, offset: UInt64(bytes.count))
        // Null would mean that a callback provides the body.
        note(ccurl_set_pointer(easy, CURLOPT_POSTFIELDS, bytes.baseAddress ?? UnsafeRawPointer(errorText)))
    }

    /// CURLINFO_RETRY_AFTER in seconds, or 0 if the server asked for no delay. Must not be used during a transfer.
    var retryAfter: Double { Double(ccurl_info_offset(easy, CURLINFO_RETRY_AFTER)) }

    /// The fields of the certificates that the server has sent, `NAME:value` each, if CURLOPT_CERTINFO was set.
    var certificateFields: [String] {
        var fields: [String] = []
        var number: Int32 = 0
        while let first = ccurl_info_certificate(easy, number) {
            var next: UnsafePointer<curl_slist>? = first
            while let field = next?.pointee {
                fields.append(String(cString: field.data))
                next = UnsafePointer(field.next)
            }
            number += 1
        }
        return fields
    }

    /// Makes a transfer that waits for the network look at its receiver again. Any thread may call it.
    func wake() {
        _ = ccurl_multi_wakeup(multi)
    }

    /// Makes the request and returns when it has ended.
    func perform(for receiver: any TransferReceiver) -> TransferEnd {
        let end = transfer(for: receiver)
        if case .failed = end { hasFailed = true }
        return end
    }

    private func transfer(for receiver: any TransferReceiver) -> TransferEnd {
        self.receiver = receiver
        defer { self.receiver = nil }
        head = nil
        headerBytes = 0
        hasBegun = false
        connectCallbacks()
        guard setUp == CURLE_OK else { return .failed(failure(setUp)) }
        let code = ccurl_multi_add(multi, easy)
        guard code == CURLM_OK else { return .failed(failure(code)) }
        defer { _ = ccurl_multi_remove(multi, easy) }
        return run(for: receiver)
    }

    private func run(for receiver: any TransferReceiver) -> TransferEnd {
        var running: Int32 = 1
        var answerDeadline: Double?
        while true {
            let code = ccurl_multi_perform(multi, &running)
            if code != CURLM_OK { return .failed(failure(code)) }
            let isWanted = receiver.endRound()
            if running == 0 { return isWanted ? end(for: receiver) : .stopped }
            if let reason = isWanted ? interruption : .stopped {
                let deadline = answerDeadline ?? Clock.now + Self.answerTimeout
                guard awaitsAnswer, isSent, Clock.now < deadline else { return reason }
                answerDeadline = deadline
            }
            // The signal's descriptor stays readable.
            let waited =
                answerDeadline == nil
                ? ccurl_multi_poll(multi, heedsSignals ? Interrupt.descriptor : -1, 60_000)
                : ccurl_multi_poll(multi, -1, 100)
            if waited != CURLM_OK { return .failed(failure(waited)) }
        }
    }

    /// The signal that has come, or nil if there is none or signals are not heeded.
    private var interruption: TransferEnd? {
        do {
            if heedsSignals { try Interrupt.check() }
        } catch {
            return .interrupted(error)
        }
        return nil
    }

    /// Whether the whole request has been sent.
    private var isSent: Bool {
        ccurl_info_long(easy, CURLINFO_REQUEST_SIZE) > 0
            && ccurl_info_offset(easy, CURLINFO_SIZE_UPLOAD_T) >= bodyLength
    }

    private func end(for receiver: any TransferReceiver) -> TransferEnd {
        var result = CURLE_OK
        guard ccurl_multi_result(multi, &result) != 0 else { return .failed(failure(CURLE_GOT_NOTHING)) }
        guard result == CURLE_OK else { return .failed(failure(result)) }
        guard head != nil else { return .failed(failure(CURLE_GOT_NOTHING)) }
        beginOnce()
        return receiver.endRound() ? .completed : .stopped
    }

    /// The URL that the last redirect has led to.
    private var effectiveURL: WebURL? {
        ccurl_info_text(easy, CURLINFO_EFFECTIVE_URL).flatMap { WebURL(String(cString: $0)) }
    }

    private func failure(_ code: CURLcode) -> TransferFailure {
        let text = errorText.pointee == 0 ? String(cString: ccurl_easy_strerror(code)) : String(cString: errorText)
        var failure = TransferFailure(
            code: code, text: TransferFailure.withoutSecrets(text),
            systemError: Int32(truncatingIfNeeded: ccurl_info_long(easy, CURLINFO_OS_ERRNO)),
            proxyStatus: ccurl_info_long(easy, CURLINFO_HTTP_CONNECTCODE))
        // A redirect may lead to another scheme, which another variable is for.
        if let options, let url = effectiveURL, let proxy = NamedProxy(for: url, options),
            proxy.wasUsed(for: url, text: text, port: ccurl_info_long(easy, CURLINFO_PRIMARY_PORT))
        {
            failure.tell(proxy)
        }
        return failure
    }

    private func failure(_ code: CURLMcode) -> TransferFailure {
        TransferFailure(code: CURLE_FAILED_INIT, text: String(cString: ccurl_multi_strerror(code)))
    }
}

/// The callbacks of libcurl.
extension CurlHandle {
    private func connectCallbacks() {
        let context = Unmanaged.passUnretained(self).toOpaque()
        errorText.pointee = 0
        note(ccurl_set_pointer(easy, CURLOPT_ERRORBUFFER, errorText))
        note(
            ccurl_set_header_receiver(
                easy,
                { bytes, size, count, context in
                    let handle = Unmanaged<CurlHandle>.fromOpaque(context!).takeUnretainedValue()
                    return handle.take(headerLine: UnsafeRawBufferPointer(start: bytes, count: size * count))
                }, context))
        note(
            ccurl_set_body_receiver(
                easy,
                { bytes, size, count, context in
                    let handle = Unmanaged<CurlHandle>.fromOpaque(context!).takeUnretainedValue()
                    return handle.take(body: UnsafeRawBufferPointer(start: bytes, count: size * count))
                }, context))
    }

    /// Returns the number of bytes taken; any other number than all of them makes libcurl give up.
    private func take(headerLine bytes: UnsafeRawBufferPointer) -> Int {
        headerBytes += bytes.count
        guard headerBytes <= Self.headerLimit else { return 0 }
        // Trailer fields of a chunked body come late, and do not describe the body.
        guard !hasBegun else { return bytes.count }
        var line = String(decoding: bytes, as: UTF8.self)
        // CR LF is one Character.
        while line.last?.isNewline == true { line.removeLast() }
        if let next = ResponseHead(statusLine: line) {
            head = next
        } else {
            head?.add(line: line)
        }
        return bytes.count
    }

    private func take(body bytes: UnsafeRawBufferPointer) -> Int {
        beginOnce()
        guard let receiver, receiver.receive(bytes) else { return 0 }
        return bytes.count
    }

    private func beginOnce() {
        guard !hasBegun, var head else { return }
        hasBegun = true
        head.effectiveURL = effectiveURL
        receiver?.begin(head)
    }
}
