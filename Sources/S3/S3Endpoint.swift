import Bytes
import DriverProtocol

/// The address of an S3 service, and its style of addressing buckets.
package struct S3Endpoint: Sendable, Equatable {
    let scheme: WebURL.Scheme
    /// Host, with the port if that is not the scheme's own.
    let authority: String
    /// A path before the bucket, without a slash at its end; empty for most.
    let basePath: String
    /// Whether the bucket is always part of the path: FORCE_PATH_STYLE.
    let usesPathStyle: Bool

    /// Reads `https://s3.example:9000`. Returns nil if it is no such URL. A URL without a scheme is taken for https.
    package init?(_ url: String, usesPathStyle: Bool) {
        guard let url = WebURL(base: url.contains("://") ? url : "https://" + url) else { return nil }
        let authority = url.authority.lowercased()
        guard Self.isAuthority(authority),
            url.path.utf8.allSatisfy({ isVisible($0) && !"?#\"\\".utf8.contains($0) })
        else { return nil }
        let ownPort = url.scheme == .http ? ":80" : ":443"
        scheme = url.scheme
        self.authority = authority.hasSuffix(ownPort) ? String(authority.dropLast(ownPort.count)) : authority
        basePath = String(url.path)
        self.usesPathStyle = usesPathStyle
    }

    /// Returns Amazon's own endpoint of a region.
    static func amazon(region: String, usesPathStyle: Bool) -> S3Endpoint? {
        let domain =
            region.hasPrefix("cn-") ? "amazonaws.com.cn" : region.hasPrefix("eusc-") ? "amazonaws.eu" : "amazonaws.com"
        return S3Endpoint("https://s3.\(region).\(domain)", usesPathStyle: usesPathStyle)
    }

    /// The region of one of Amazon's own names, or nil if it has none: `s3.REGION`, `s3-fips.REGION`,
    /// `s3.dualstack.REGION`, `bucket.vpce-ID.s3.REGION.vpce`, and the older `s3-REGION` and
    /// `s3-fips-REGION`.
    var region: String? {
        guard isAmazon else { return nil }
        var labels = authority.prefix { $0 != ":" }.split(separator: ".")[...]
        while let last = labels.last, ["cn", "com", "eu", "amazonaws", "vpce"].contains(last) { labels.removeLast() }
        guard let last = labels.last else { return nil }
        for mark in ["s3-fips-", "s3-"] where last.hasPrefix(mark) && Self.isRegion(last.dropFirst(mark.count)) {
            return String(last.dropFirst(mark.count))
        }
        let isBehindService = labels.dropLast().last.map { $0 == "s3" || $0 == "s3-fips" || $0 == "dualstack" } ?? false
        return isBehindService && Self.isRegion(last) ? String(last) : nil
    }

    /// Whether it has the form of `us-gov-west-1`.
    private static func isRegion(_ label: Substring) -> Bool {
        let words = label.split(separator: "-")
        return words.count >= 3 && words.last.map { Int($0) != nil } == true
    }

    var isAmazon: Bool {
        let host = authority.prefix { $0 != ":" }
        return [".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu"].contains { host.hasSuffix($0) }
    }

    /// Returns the same service in another region: another name if it is one of Amazon's public ones. Those of a
    /// network's own (`vpce`), of both versions of IP and for FIPS stay, and those with a port: somebody has chosen
    /// them.
    func moved(to region: String) -> S3Endpoint {
        let publicNames = ["s3"] + (self.region.map { ["s3.\($0)", "s3-\($0)"] } ?? [])
        guard isAmazon, !authority.contains(":"),
            publicNames.contains(where: { authority.hasPrefix($0 + ".amazonaws.") })
        else { return self }
        return Self.amazon(region: region, usesPathStyle: usesPathStyle) ?? self
    }

    /// Its name in errors: `https://s3.example:9000`.
    package var name: String { "\(scheme)://\(authority)\(basePath)" }

    /// Returns host and encoded path of a bucket, or of an object in it.
    func location(bucket: String, key: String?) -> (host: String, path: String) {
        let object = key.map { "/" + percentEncoded($0.utf8, keepingSlashes: true) }
        if isInHost(bucket) { return ("\(bucket).\(authority)", basePath + (object ?? "/")) }
        return (authority, "\(basePath)/\(percentEncoded(bucket.utf8))" + (object ?? ""))
    }

    /// Whether the bucket is the first label of the host. An address has no labels, a wildcard certificate covers one
    /// label alone, and not every bucket's name can be one.
    private func isInHost(_ bucket: String) -> Bool {
        guard !usesPathStyle, !isAddress else { return false }
        let isLabel =
            (3...63).contains(bucket.utf8.count)
            && bucket.utf8.allSatisfy { isLowercase($0) || isDigit($0) || "-.".utf8.contains($0) }
            && isAlphanumeric(bucket.utf8.first!) && isAlphanumeric(bucket.utf8.last!)
        return isLabel && (scheme == .http || !bucket.contains("."))
    }

    private var isAddress: Bool {
        let host = authority.prefix { $0 != ":" }
        return authority.hasPrefix("[") || host.allSatisfy { $0.isNumber || $0 == "." }
    }

    private static func isAuthority(_ text: String) -> Bool {
        guard !text.isEmpty, !text.hasPrefix(":") else { return false }
        let isNamed = text.utf8.allSatisfy { isAlphanumeric($0) || "-._:[]".utf8.contains($0) }
        let port = text.hasSuffix("]") ? nil : text.lastIndex(of: ":").map { text[text.index(after: $0)...] }
        return isNamed && (port.map { (1...65535).contains(Int($0) ?? 0) } ?? true)
    }
}
