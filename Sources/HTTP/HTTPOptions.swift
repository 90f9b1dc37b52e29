import DriverProtocol

/// The options of requests, whatever their purpose.
///
/// If ``proxy`` is nil, the proxy comes from the environment, as libcurl reads it: `http_proxy`, `https_proxy`,
/// `all_proxy`, each a URL that may hold a user and a password; `no_proxy`, names and networks with commas between.
/// `ProxyVariables` has set these from variables in capitals.
package struct HTTPOptions: Sendable {
    /// A file of PEM certificates to trust in place of the system's: CURLOPT_CAINFO.
    package var caFile: String?
    /// Whether a server's certificate and name are checked: CURLOPT_SSL_VERIFYPEER and CURLOPT_SSL_VERIFYHOST.
    package var verifyTLS = true
    /// Replaces the environment's proxies, for http and https: CURLOPT_PROXY. May hold a password.
    package var proxy: String?
    /// Hosts that are reached without a proxy, in place of the environment's `no_proxy`: CURLOPT_NOPROXY.
    package var noProxy: String?
    /// The credential for its own server.
    var credential: ServerCredential?
    /// CURLOPT_USERAGENT.
    package var userAgent: String?
    /// Bytes per second that a download may take, on average. Requests that fit in memory are not slowed down.
    package var bandwidthLimit: UInt64?
    /// Seconds for name, connection and TLS handshake: CURLOPT_CONNECTTIMEOUT_MS.
    package var connectTimeout = 20.0
    /// Whole seconds without a byte before a connection counts as broken: CURLOPT_LOW_SPEED_TIME.
    package var stallTimeout = 60
    /// The number of failures in a row, without a byte in between, that end a request. At least 1.
    package var attempts = 5
    /// Seconds to wait at most after the first failure; each further one doubles it.
    package var retryDelay = 0.5
    /// The seconds to wait at most, even if the server asks for more.
    package var longestDelay = 60.0
    /// Whether a response may come compressed: CURLOPT_ACCEPT_ENCODING with gzip. Downloads never ask for it: an image
    /// is wanted as it is stored.
    package var acceptGzip = false
    /// Whether GET and HEAD follow redirects; a signed request would not be valid after one.
    package var followsRedirects = true
    /// Whether a signal that asks this process to end breaks a request off; those of a cleanup must not be.
    package var heedsSignals = true

    package init() {}

    /// Returns the headers with the credential for `url`. libcurl leaves Authorization out if a redirect leads to another
    /// host.
    func headers(for url: WebURL) -> HTTPHeaders {
        guard let credential, credential.isMeant(for: url) else { return [:] }
        return ["Authorization": credential.field]
    }
}
