import DriverProtocol
import Posix

/// The proxy that requests for a URL go through, as its administrator knows it: for errors.
struct NamedProxy {
    /// What names it, for remedies.
    let setting: String
    /// Where it is: host, and port if there is one. Never a password.
    let address: Substring
    /// What names it, in a word or two.
    private let origin: String
    /// Whether some hosts are reached without it.
    private let hasExceptions: Bool

    /// The files of variables for the actions that oned runs.
    static let files = "etc/mad/one_market or etc/defaultrc"

    /// What to do if a proxy asks for a user.
    static func credentialRemedy(_ setting: String) -> String {
        "put user and password into \(setting): http://USER:PASSWORD@HOST:PORT"
    }

    /// Returns nil if no proxy is set for the scheme of `url`. Which hosts are exceptions, only libcurl knows.
    init?(for url: WebURL, _ options: HTTPOptions) {
        let exceptions: String?
        if let proxy = options.proxy {
            (origin, setting) = ("PROXY", "PROXY of the marketplace")
            address = Self.address(proxy)
            exceptions = options.noProxy
        } else {
            let names = [url.scheme.rawValue + "_proxy", "all_proxy"]
            func variable(_ name: String) -> String? {
                CurrentProcess.environmentVariable(name).flatMap { $0.isEmpty ? nil : $0 }
            }
            guard let name = names.first(where: { variable($0) != nil }), let proxy = variable(name) else { return nil }
            (origin, setting) = (name, "\(name) in \(Self.files)")
            address = Self.address(proxy)
            exceptions = options.noProxy ?? variable("no_proxy")
        }
        hasExceptions = exceptions?.isEmpty == false
    }

    /// Returns the part between the last `@` and the path: a password may have any character before that.
    private static func address(_ proxy: String) -> Substring {
        let start =
            proxy.lastIndex(of: "@").map(proxy.index(after:)) ?? proxy.firstRange(of: "://")?.upperBound
            ?? proxy.startIndex
        return proxy[start...].prefix { $0 != "/" }
    }

    /// Returns whether a request for `url` that failed so went through it, as far as that can be seen.
    ///
    /// - Parameters:
    ///   - text: libcurl's.
    ///   - port: the one that was connected to, or 0.
    func wasUsed(for url: WebURL, text: String, port: Int) -> Bool {
        guard hasExceptions else { return true }
        let (own, server) = (WebURL.place(address), url.place)
        if port != 0 { return String(port) != server.port }
        guard text.contains(own.host) else { return false }
        return own.host != server.host || (own.port != server.port && text.contains("port \(own.port)"))
    }

    /// Returns libcurl's text with the proxy before it.
    func telling(_ text: String) -> String { "through the proxy \(address) (\(origin)): \(text)" }
}
