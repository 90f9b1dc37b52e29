import CCurl
import DriverProtocol
import Glibc

/// A request that got no whole response, in libcurl's terms.
package struct TransferFailure: Error, Sendable {
    let code: CURLcode
    /// The text of CURLOPT_ERRORBUFFER, else of curl_easy_strerror(3).
    package private(set) var text: String
    /// CURLINFO_OS_ERRNO of the last connect or read, or 0 if there is none.
    var systemError: Int32 = 0
    /// A proxy's status for CONNECT, or 0 if there was none.
    var proxyStatus = 0
    /// Names the setting of the proxy that the request went through, or nil if it went through none.
    var proxySetting: String?

    /// Returns the failure of a body that ended before its announced length, without an error of the connection.
    static func short(at offset: UInt64) -> TransferFailure {
        TransferFailure(code: CURLE_PARTIAL_FILE, text: "the answer ended at byte \(offset)")
    }

    static let caFileRemedy = "make CA_FILE a file of PEM certificates that the user oneadmin can read"
    private static let unusableProxy = "Unsupported proxy"

    /// Returns libcurl's text without secrets. It quotes a proxy that it cannot use, in which nobody can tell the
    /// password.
    static func withoutSecrets(_ text: String) -> String {
        guard text.hasPrefix(unusableProxy), let first = text.firstIndex(of: "'"), let last = text.lastIndex(of: "'")
        else { return redactedURLs(in: text) }
        return text[..<first] + "…" + text[text.index(after: last)...]
    }

    /// Says that the request went through `proxy`.
    mutating func tell(_ proxy: NamedProxy) {
        guard !isOfUnusableProxy else { return }
        text = proxy.telling(text)
        proxySetting = proxy.setting
    }

    private var isOfUnusableProxy: Bool { text.hasPrefix(Self.unusableProxy) }

    /// Whether the same request may succeed a little later.
    package var isTransient: Bool {
        switch code {
        case _ where isOfUnusableProxy: false
        // A proxy that refuses once will refuse again.
        case CURLE_RECV_ERROR where proxyStatus >= 400: Status.isTransient(proxyStatus)
        // The handshake fails with this code both for a reset and for a server that does not speak TLS.
        case CURLE_SSL_CONNECT_ERROR: systemError == ECONNRESET || systemError == EPIPE
        case CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT, CURLE_PARTIAL_FILE,
            CURLE_OPERATION_TIMEDOUT, CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR:
            true
        default: false
        }
    }

    package var remedy: String {
        if isOfUnusableProxy {
            return "write PROXY of the marketplace, or http_proxy and https_proxy in \(NamedProxy.files), as "
                + "http://USER:PASSWORD@HOST:PORT, special characters as %XX"
        }
        return proxySetting.flatMap(remedy(throughProxyOf:)) ?? remedyWithoutProxy
    }

    /// Returns what to do about a proxy, or nil if the failure is the server's.
    private func remedy(throughProxyOf setting: String) -> String? {
        switch code {
        case _ where proxyStatus == Status.proxyRefusal:
            NamedProxy.credentialRemedy(setting)
        case _ where proxyStatus >= 400: Status.remedy(proxyStatus, throughProxy: true)
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT:
            "check that the proxy runs, and correct \(setting), or name the server's host in NO_PROXY"
        case CURLE_PROXY where text.contains("resolve"):
            "check the name in the URL, or let the proxy look it up: socks5h:// or socks4a:// in \(setting)"
        case CURLE_PROXY:
            "check that the proxy can reach the server, and the kind, user and password in \(setting)"
        case CURLE_OPERATION_TIMEDOUT: "check the network, the server, and the proxy of \(setting)"
        case CURLE_SSL_CONNECT_ERROR: "check that the server speaks TLS on that port, and the kind of \(setting)"
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_URL_MALFORMAT, CURLE_TOO_MANY_REDIRECTS:
            nil
        case CURLE_UNSUPPORTED_PROTOCOL where !isOfOtherProtocol: nil
        default: "check that \(setting) names a proxy of that kind (http://, socks5h://), and look at its log"
        }
    }

    /// Whether what answers is no HTTP at all: libcurl takes it for the first version of it.
    private var isOfOtherProtocol: Bool { code == CURLE_UNSUPPORTED_PROTOCOL && text.contains("HTTP/0.9") }

    private var remedyWithoutProxy: String {
        switch code {
        case _ where isOfOtherProtocol: "check that the server speaks HTTP on that port, and not only HTTPS"
        case CURLE_COULDNT_RESOLVE_HOST: "check the name in the URL and this host's DNS"
        case CURLE_COULDNT_CONNECT:
            "check that the server runs and that no firewall is in the way; if a proxy is needed, set PROXY of the "
                + "marketplace, or http_proxy and https_proxy in \(NamedProxy.files)"
        case CURLE_PEER_FAILED_VERIFICATION:
            "set CA_FILE to the certificate of the server's CA, or, if it may stay unchecked, TLS_VERIFY = \"no\""
        case CURLE_SSL_CACERT_BADFILE: Self.caFileRemedy
        case CURLE_SSL_CONNECT_ERROR: "check that the server speaks TLS on that port"
        case CURLE_UNSUPPORTED_PROTOCOL: "only http:// and https:// are used, also where a redirect leads elsewhere"
        case CURLE_URL_MALFORMAT: "write it as http://host/path, special characters as %XX"
        case CURLE_TOO_MANY_REDIRECTS: "give the URL that the redirects lead to"
        case CURLE_OPERATION_TIMEDOUT: "check the network and the server"
        default: "look at the server's log, and at proxies on the way"
        }
    }
}
