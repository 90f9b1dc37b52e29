import CCurl
import DriverProtocol
import Glibc

/// A request that got no whole response, in libcurl's terms.
package struct TransferFailure: Error, Sendable {
    let code: CURLcode
    /// The text of CURLOPT_ERRORBUFFER, else of curl_easy_strerror(3).
    package let text: String
    /// CURLINFO_OS_ERRNO of the last connect or read, or 0 if there is none.
    var systemError: Int32 = 0
    /// A proxy's status for CONNECT, or 0 if there was none.
    var proxyStatus = 0

    /// Returns the failure of a body that ended before its announced length, without an error of the connection.
    static func short(at offset: UInt64) -> TransferFailure {
        TransferFailure(code: CURLE_PARTIAL_FILE, text: "the answer ended at byte \(offset)")
    }

    private static let unusableProxy = "Unsupported proxy"

    /// Returns libcurl's text without secrets. It quotes a proxy that it cannot use, in which nobody can tell the
    /// password.
    static func withoutSecrets(_ text: String) -> String {
        guard text.hasPrefix(unusableProxy), let first = text.firstIndex(of: "'"), let last = text.lastIndex(of: "'")
        else { return redactedURLs(in: text) }
        return text[..<first] + "…" + text[text.index(after: last)...]
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
        switch code {
        case _ where isOfUnusableProxy:
            "write PROXY of the marketplace, or http_proxy and https_proxy in etc/defaultrc, as "
                + "http://USER:PASSWORD@HOST:PORT, special characters as %XX"
        case CURLE_RECV_ERROR where proxyStatus >= 400: Status.remedy(proxyStatus, throughProxy: true)
        case CURLE_COULDNT_RESOLVE_HOST: "check the name in the URL and this host's DNS"
        case CURLE_COULDNT_RESOLVE_PROXY:
            "check PROXY of the marketplace, or http_proxy, https_proxy and all_proxy in etc/defaultrc"
        case CURLE_COULDNT_CONNECT:
            "check that the server runs and that no firewall is in the way; if a proxy is needed, set PROXY of the "
                + "marketplace, or http_proxy and https_proxy in etc/defaultrc"
        case CURLE_PEER_FAILED_VERIFICATION:
            "set CA_FILE to the certificate of the server's CA, or, if it may stay unchecked, TLS_VERIFY = \"no\""
        case CURLE_SSL_CACERT_BADFILE: "make CA_FILE a file of PEM certificates that the user oneadmin can read"
        case CURLE_SSL_CONNECT_ERROR: "check that the server speaks TLS on that port"
        case CURLE_UNSUPPORTED_PROTOCOL: "only http:// and https:// are used, also where a redirect leads elsewhere"
        case CURLE_URL_MALFORMAT: "write it as http://host/path, special characters as %XX"
        case CURLE_TOO_MANY_REDIRECTS: "give the URL that the redirects lead to"
        case CURLE_OPERATION_TIMEDOUT: "check the network and the server"
        default: "look at the server's log, and at proxies on the way"
        }
    }
}
