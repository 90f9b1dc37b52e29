import Bytes
import CCurl
import DriverProtocol

/// Setting a handle up for a request.
extension CurlHandle {
    /// Bytes that one read from a connection may bring: libcurl has a buffer of that size for each.
    private static let bufferSize: UInt64 = 256 << 10
    private static let redirectLimit = 10

    /// Prepares a request, whose body must not move until it has ended. A header with a line break in it is a
    /// ``DriverError``.
    func prepare(
        _ method: HTTPMethod, _ url: WebURL, headers: HTTPHeaders, body: UnsafeRawBufferPointer? = nil,
        options: HTTPOptions
    ) throws(DriverError) {
        reset()
        set(CURLOPT_URL, url.text)
        setMethod(method, body: body)
        setHeaders(try lines(options.headers(for: url) + headers, of: url))
        set(CURLOPT_USERAGENT, options.userAgent)
        set(CURLOPT_NOSIGNAL, true)
        restrictToHTTP()
        // HTTP/2 gains nothing for one request at a time, and its streams fail in more ways.
        set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
        set(CURLOPT_SUPPRESS_CONNECT_HEADERS, true)
        set(CURLOPT_FOLLOWLOCATION, method.followsRedirects && options.followsRedirects)
        // Dots in a path are data: an object's key may be "a/../b".
        set(CURLOPT_PATH_AS_IS, true)
        heedsSignals = options.heedsSignals
        self.options = options
        set(CURLOPT_MAXREDIRS, Self.redirectLimit)
        setLimits(options)
        setProxy(options)
        setTLS(options)
    }

    /// Lets the response come compressed. It is unpacked on the way.
    func acceptGzip() { set(CURLOPT_ACCEPT_ENCODING, "gzip") }

    private func setMethod(_ method: HTTPMethod, body: UnsafeRawBufferPointer?) {
        switch method {
        case .get: set(CURLOPT_HTTPGET, true)
        case .head: set(CURLOPT_NOBODY, true)
        case .put, .post, .delete:
            if body != nil || method != .delete { setBody(at: body ?? UnsafeRawBufferPointer(start: nil, count: 0)) }
            set(CURLOPT_CUSTOMREQUEST, method.rawValue)
        }
    }

    private func setLimits(_ options: HTTPOptions) {
        set(CURLOPT_CONNECTTIMEOUT_MS, Int(options.connectTimeout * 1000))
        set(CURLOPT_LOW_SPEED_LIMIT, 1)
        set(CURLOPT_LOW_SPEED_TIME, options.stallTimeout)
        // A read as large as a second's worth would come in bursts.
        let share = options.bandwidthLimit.map { max($0 / 4, 16 << 10) } ?? .max
        set(CURLOPT_BUFFERSIZE, Int(min(Self.bufferSize, share)))
    }

    private func setProxy(_ options: HTTPOptions) {
        if let proxy = options.proxy {
            set(CURLOPT_PROXY, proxy)
            // The environment's exceptions are those of its own proxies.
            set(CURLOPT_NOPROXY, options.noProxy ?? "")
        } else if let noProxy = options.noProxy {
            set(CURLOPT_NOPROXY, noProxy)
        }
    }

    private func setTLS(_ options: HTTPOptions) {
        set(CURLOPT_SSL_VERIFYPEER, options.verifyTLS)
        set(CURLOPT_SSL_VERIFYHOST, options.verifyTLS ? 2 : 0)
        if let caFile = options.caFile {
            set(CURLOPT_CAINFO, caFile)
            // Some builds of libcurl have a directory of certificates beside the file, and would trust it still.
            set(CURLOPT_CAPATH, nil)
        }
    }

    /// Returns the lines of CURLOPT_HTTPHEADER.
    private func lines(_ headers: HTTPHeaders, of url: WebURL) throws(DriverError) -> [String] {
        // Fields that libcurl adds by itself: a type for a body that it does not know, and a wait for leave to send it.
        var lines = headers["Content-Type"] == nil ? ["Content-Type:"] : []
        lines.append("Expect:")
        for (name, value) in headers {
            guard !(name + value).utf8.contains(where: { isControl($0) && $0 != UInt8(ascii: "\t") }) else {
                throw DriverError(
                    "send", "the header \(quoted(name)) to \(url)",
                    cause: "it has a control character in it", remedy: "correct the value that it comes from")
            }
            lines.append(value.isEmpty ? name + ";" : "\(name): \(value)")
        }
        return lines
    }
}
