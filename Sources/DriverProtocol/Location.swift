import Bytes

/// The place of something, as it was stated: a path of this machine, or a URL of whatever scheme.
///
/// It prints itself without what may be secret: user and password are left out, and a query becomes `?…`. A URL behind
/// another scheme (`lxd://https://…`) is treated alike. One that has no clear shape is cut to its scheme, because what
/// is left of it may still hold a password.
package struct Location: Sendable, Equatable, CustomStringConvertible {
    /// What was stated. May hold a password.
    package let text: String

    package init(_ text: String) {
        self.text = text
    }

    package var description: String { redacted(text) }

    /// The scheme of `SCHEME://…`, in lower case; nil if it has none.
    package var scheme: String? {
        guard let separator = text.utf8.firstRange(of: "://".utf8) else { return nil }
        let scheme = text.utf8[..<separator.lowerBound]
        guard let first = scheme.first, !isDigit(first),
            scheme.allSatisfy({ isAlphanumeric($0) || "+-.".utf8.contains($0) })
        else { return nil }
        return String(Substring(scheme)).lowercased()
    }
}

private func redacted(_ url: String) -> String {
    guard let separator = url.firstRange(of: "://") else {
        return url.contains(where: { "@?".contains($0) }) ? "…" : url
    }
    let scheme = url[..<separator.upperBound]
    let rest = url[separator.upperBound...]
    let authority = rest.prefix { !"/?#".contains($0) }
    if isScheme(authority), rest[authority.endIndex...].hasPrefix("//") { return scheme + redacted(String(rest)) }
    let host = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
    guard isHost(host) else { return scheme + "…" }
    let path = rest[authority.endIndex...].prefix { !"?#".contains($0) }
    let query = rest[path.endIndex...].hasPrefix("?") ? "?…" : ""
    return String(scheme + host + path) + query
}

/// Returns `text` with every URL in it as a ``Location`` prints it: as far as blanks, quotation marks or brackets, which
/// end one in a sentence.
package func redactedURLs(in text: String) -> String {
    func shown(_ word: Substring) -> String { word.contains("://") ? redacted(String(word)) : String(word) }
    let ends = " \t\n'\"<>()"
    var result = ""
    var rest = Substring(text)
    while let end = rest.firstIndex(where: { ends.contains($0) }) {
        result += shown(rest[..<end])
        result.append(rest[end])
        rest = rest[rest.index(after: end)...]
    }
    return result + shown(rest)
}

/// Returns `text` with `…@HOST` in place of each of its words that is `USER:PASSWORD@HOST`.
package func redactedLogins(in text: String) -> String {
    text.split(separator: " ", omittingEmptySubsequences: false).map { word in
        guard let end = word.lastIndex(of: "@"), word[..<end].contains(":") else { return String(word) }
        return "…" + word[end...]
    }.joined(separator: " ")
}

/// Whether `text` is letters and a colon.
private func isScheme(_ text: Substring) -> Bool {
    text.hasSuffix(":") && text.count > 1 && text.dropLast().utf8.allSatisfy(isLetter)
}

/// Whether `text` is a host with or without a port, and not the first half of a `user:password` with a slash in it.
private func isHost(_ text: Substring) -> Bool {
    let name = text.hasPrefix("[") ? text.drop { $0 != "]" } : text
    guard let colon = name.firstIndex(of: ":") else { return true }
    return name[name.index(after: colon)...].utf8.allSatisfy(isDigit)
}
