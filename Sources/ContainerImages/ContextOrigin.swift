import Bytes
import DriverProtocol

/// The place where OpenNebula's context packages are published, according to CONTEXT_URL and CONTEXT_VERSION.
enum ContextOrigin: Equatable, Sendable {
    /// A release page with a list of its files: the URLs of GitHub's API that may have it, the likeliest first.
    case release([WebURL])
    /// A directory of a web server, which tells nothing of its files: their names follow from the version, `7.2.1-0`.
    case directory(WebURL, version: String)

    static let standardURL = "https://github.com/OpenNebula/one-apps/releases"
    private static let attribute = "CONTEXT_URL"

    init(_ attributes: ContextAttributes) throws(DriverError) {
        let stated = attributes.value(Self.attribute) ?? Self.standardURL
        guard let url = WebURL(base: stated), url.server != nil, url.text.utf8.allSatisfy(isVisible),
            !"?#".contains(where: url.text.contains)
        else {
            throw attributes.invalid(
                Self.attribute,
                "\(quoted(Location(stated))) is no URL of a release or a directory, without user and query",
                remedy: "write it as in \(Self.standardURL)/tag/v7.2.1")
        }
        let version = try Self.version(attributes)
        if let (releases, tag) = Self.forge(url) {
            self = .release(Self.pages(of: version ?? tag, below: releases))
        } else {
            let last = url.path.split(separator: "/").last.map { String($0.hasPrefix("v") ? $0.dropFirst() : $0) }
            guard let version = version ?? last, Self.isComplete(version) else {
                throw attributes.invalid(
                    Self.attribute,
                    version == nil
                        ? "its directory \(quoted(url)) does not tell which version of the packages is there"
                        : "the names of the packages in \(quoted(url)) have a release behind the version",
                    remedy: "set CONTEXT_VERSION as their names have it, as in 7.2.1-0")
            }
            self = .directory(url, version: version)
        }
    }

    /// Returns CONTEXT_VERSION without its `v`.
    private static func version(_ attributes: ContextAttributes) throws(DriverError) -> String? {
        let attribute = "CONTEXT_VERSION"
        guard let text = attributes.value(attribute) else { return nil }
        guard ContextPackageName.isPlain(text) else {
            throw attributes.invalid(
                attribute, "\(quoted(oneLine(text, limit: 100))) is no version",
                remedy: "write it as in 7.2.1 or 7.2.1-0")
        }
        return text.hasPrefix("v") ? String(text.dropFirst()) : text
    }

    /// Whether a version has the release of the packages behind it: `7.2.1-0`.
    private static func isComplete(_ version: String) -> Bool {
        let parts = version.split(separator: "-", omittingEmptySubsequences: false)
        return parts.count == 2 && parts[1].utf8.allSatisfy(isDigit) && !parts[1].isEmpty
            && parts[0].utf8.first.map(isDigit) == true && parts[0].utf8.allSatisfy { isDigit($0) || $0 == 0x2E }
    }

    /// Returns the releases of a project in the API of GitHub, or of another forge with the same, and the release's tag
    /// if the URL has one. Returns nil if it is none of them.
    private static func forge(_ url: WebURL) -> (releases: WebURL, tag: String?)? {
        var parts = url.path.split(separator: "/")
        let isGitHub = ["github.com", "www.github.com"].contains(url.authority.lowercased())
        guard isGitHub || parts.contains("repos") else { return nil }
        var tag: String?
        if let place = parts.firstIndex(of: "releases") {
            let rest = parts[(place + 1)...]
            switch (rest.first, rest.count) {
            case (nil, 0), ("latest", 1): break
            case ("tag", 2), ("tags", 2), ("download", 2): tag = rest.last.map(String.init)
            default: return nil
            }
            parts.removeSubrange(place...)
        } else if !isGitHub {
            return nil
        }
        guard !isGitHub || parts.count == 2 else { return nil }
        let path = parts.joined(separator: "/") + "/releases"
        let base = isGitHub ? WebURL(.https, "api.github.com/repos") : WebURL(url.scheme, String(url.authority))
        return (base.appending("/" + path), tag)
    }

    /// OpenNebula's tags have the release of the packages, or have not.
    private static func pages(of version: String?, below releases: WebURL) -> [WebURL] {
        guard let version else { return [releases.appending("/latest")] }
        let plain = version.hasPrefix("v") ? String(version.dropFirst()) : version
        let number = String(plain.prefix { $0 != "-" })
        return ([plain] + (number == plain ? [] : [number])).map { releases.appending("/tags/v\($0)") }
    }
}
