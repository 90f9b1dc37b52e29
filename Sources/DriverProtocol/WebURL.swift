/// The URL of something that a web server has: `http://` or `https://`, and whatever follows. It prints itself without
/// secrets, as a ``Location`` does.
package struct WebURL: Sendable, Equatable, CustomStringConvertible {
    package enum Scheme: String, Sendable {
        case http, https
    }

    package let scheme: Scheme
    /// What a server is asked for. May hold a password.
    package let text: String

    /// Reads a URL; nil if it is none of a web server.
    package init?(_ text: String) {
        guard let scheme = Location(text).scheme.flatMap(Scheme.init) else { return nil }
        self.scheme = scheme
        self.text = text
    }

    /// Reads the URL of a server or a directory, which paths are appended to: slashes at its end are left out. Returns
    /// nil if it is none, or if nothing is left.
    package init?(base text: String) {
        var base = text[...]
        while base.hasSuffix("/") { base.removeLast() }
        self.init(String(base))
    }

    /// - Parameter rest: what follows `SCHEME://`.
    package init(_ scheme: Scheme, _ rest: String) {
        self.scheme = scheme
        text = "\(scheme.rawValue)://\(rest)"
    }

    package var description: String { Location(text).description }

    /// `path` must begin with a slash.
    package func appending(_ path: String) -> WebURL { WebURL(scheme, rest + path) }

    private var rest: Substring { text.dropFirst(scheme.rawValue.count + 3) }

    /// What stands before the path: the host, with user and port if there are such.
    package var authority: Substring { rest.prefix { !"/?#".contains($0) } }

    /// What stands behind the ``authority``.
    package var path: Substring { text[authority.endIndex...] }

    /// Scheme, host and port in one spelling: `https://host:443`. Nil if it has a user, or no host.
    package var server: String? {
        let authority = authority
        guard !authority.isEmpty, !authority.contains("@") else { return nil }
        let (host, port) = place
        return "\(scheme)://\(host.lowercased()):\(port)"
    }

    /// Host and port of its server, the port of the scheme if it states none.
    package var place: (host: Substring, port: Substring) {
        let authority = authority
        let (host, port) = Self.place(authority.lastIndex(of: "@").map { authority[$0...].dropFirst() } ?? authority)
        return (host, port.isEmpty ? (scheme == .http ? "80" : "443") : port)
    }

    /// Returns the two parts of `HOST:PORT`. The port is empty if there is none.
    package static func place(_ text: Substring) -> (host: Substring, port: Substring) {
        // Colons between brackets belong to an address.
        let name = text.hasPrefix("[") ? text.drop { $0 != "]" } : text
        let host = name.lastIndex(of: ":").map { text[..<$0] } ?? text
        return (host, text[host.endIndex...].dropFirst().drop { $0 == "0" })
    }
}
