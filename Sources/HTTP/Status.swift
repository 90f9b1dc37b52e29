/// The meaning of an HTTP status.
enum Status {
    /// Proxy Authentication Required.
    static let proxyRefusal = 407

    /// Whether the same request may succeed a little later.
    static func isTransient(_ status: Int) -> Bool {
        [408, 429, 500, 502, 503, 504].contains(status)
    }

    static func remedy(_ status: Int, throughProxy: Bool = false) -> String {
        switch status {
        case proxyRefusal:
            NamedProxy.credentialRemedy(
                "PROXY of the marketplace, or http_proxy and https_proxy in \(NamedProxy.files)")
        case _ where throughProxy:
            "check what the proxy allows, or name the host in NO_PROXY of the marketplace, or no_proxy"
        case 401, 403: "check the credentials, and that they may do this there"
        case 404, 410: "check the URL: the server has nothing there"
        case 300..<400: "give the URL that it leads to"
        case 400..<500 where !isTransient(status): "check the URL and what the server expects"
        default: "see the server's log for what it lacks"
        }
    }
}
