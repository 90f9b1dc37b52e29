/// How requests are made, whatever they ask for.
///
/// The proxy comes from the environment, as libcurl reads it: `http_proxy`, `https_proxy` or `HTTPS_PROXY`, `all_proxy`
/// or `ALL_PROXY`, each a URL that may hold a user and a password; `no_proxy` or `NO_PROXY`, names and networks with
/// commas between. `HTTP_PROXY` in capitals is not read: in a CGI program a request's header could set it.
public struct HTTPOptions: Sendable {
    /// A file of PEM certificates to trust in place of the system's: CURLOPT_CAINFO.
    public var caFile: String?
    /// Whether a server's certificate and name are checked: CURLOPT_SSL_VERIFYPEER and CURLOPT_SSL_VERIFYHOST.
    public var verifyTLS = true
    /// CURLOPT_USERAGENT.
    public var userAgent: String?
    /// Sent with every request, not to another host that a redirect leads to where they are credentials.
    public var headers: [(String, String)] = []
    /// Bytes per second that a download may take, on average. Requests that fit in memory are not slowed down.
    public var bandwidthLimit: UInt64?
    /// Seconds for name, connection and TLS handshake: CURLOPT_CONNECTTIMEOUT_MS.
    public var connectTimeout = 20.0
    /// Whole seconds without a byte before a connection counts as broken: CURLOPT_LOW_SPEED_TIME.
    public var stallTimeout = 60
    /// How many failures in a row, without a byte in between, end a request. At least 1.
    public var attempts = 5
    /// Seconds to wait at most after the first failure; each further one doubles it.
    public var retryDelay = 0.5
    /// Whether an answer may come compressed: CURLOPT_ACCEPT_ENCODING with gzip. Downloads never ask for it: an image
    /// is wanted as it is stored.
    public var acceptGzip = false

    public init() {}
}

/// What a request does: RFC 9110, section 9.3.
public enum HTTPMethod: String, Sendable {
    case get = "GET"
    case head = "HEAD"
    case put = "PUT"
    case post = "POST"
    case delete = "DELETE"

    /// The words for it in errors: `fetch`.
    var operation: String {
        switch self {
        case .get: "fetch"
        case .head: "look up"
        case .put: "upload to"
        case .post: "post to"
        case .delete: "delete"
        }
    }

    /// A redirect repeats a request. One that changes something must be meant for the place where it ends, and one
    /// that is signed would not be valid there.
    var followsRedirects: Bool { self == .get || self == .head }
}
