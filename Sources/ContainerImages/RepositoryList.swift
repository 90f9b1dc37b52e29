import Bytes
import Posix

/// The servers of packages that a container's `.repo` files name, for a package manager of the front-end: nothing but
/// web servers, and keys of the container.
struct RepositoryList {
    /// What is taken over of a repository. What else there is could name programs or files of the front-end.
    private static let plainKeys: Set<String> = [
        "name", "enabled", "gpgcheck", "repo_gpgcheck", "pkg_gpgcheck", "type", "priority", "exclude", "excludepkgs",
        "includepkgs", "module_hotfixes", "sslverify", "skip_if_unavailable", "path",
    ]
    private static let serverKeys: Set<String> = ["baseurl", "mirrorlist", "metalink", "gpgkey"]

    /// What takes the place of scheme and host in URLs; nothing if it is empty.
    let mirror: String
    /// Returns the path on this machine of a directory that has the keys of one of the container's.
    let keys: (String) throws -> String

    /// Returns the text of a `.repo` file with what may be taken over of it.
    func converted(_ text: String) throws -> String {
        var result = ""
        var isInRepository = false
        var key = ""
        for line in text.split(whereSeparator: \.isNewline) {
            let words = line.split(whereSeparator: \.isWhitespace)
            guard let first = words.first else { continue }
            if first.hasPrefix("[") {
                let name = line.drop { $0 != "[" }.dropFirst().prefix { $0 != "]" }
                isInRepository = name != "main" && !name.isEmpty && name.utf8.allSatisfy(isVisible)
                if isInRepository { result += "[\(name)]\n" }
                key = ""
            } else if isInRepository {
                result += try entry(line, &key)
            }
        }
        return result
    }

    /// Returns the line of an entry, or of more values of the one before, whose `key` it is.
    private func entry(_ line: Substring, _ key: inout String) throws -> String {
        if line.first?.isWhitespace == true {
            let rest = key.isEmpty ? "" : try value(line, of: key)
            return rest.isEmpty ? "" : "    \(rest)\n"
        }
        // Lists of mirrors are of no use for one mirror: its own URL often stands beside them as a comment.
        let isComment = line.hasPrefix("#") || line.hasPrefix(";")
        let text = isComment ? line.dropFirst().drop(while: \.isWhitespace) : line
        let pair = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = pair[0].filter { !$0.isWhitespace }.lowercased()
        key = ""
        guard pair.count == 2, !isComment || (name == "baseurl" && !mirror.isEmpty),
            mirror.isEmpty || !["mirrorlist", "metalink"].contains(name)
        else { return "" }
        let rest = try value(pair[1], of: name)
        guard !rest.isEmpty else { return "" }
        key = name
        return "\(name)=\(rest)\n"
    }

    private func value(_ text: Substring, of key: String) throws -> String {
        if Self.plainKeys.contains(key) { return String(text.drop(while: \.isWhitespace)) }
        guard Self.serverKeys.contains(key) else { return "" }
        return try text.split { $0.isWhitespace || $0 == "," }.compactMap { try url($0, of: key) }.joined(
            separator: " ")
    }

    private func url(_ text: Substring, of key: String) throws -> String? {
        let file = "file://"
        if text.hasPrefix(file) {
            let path = text.dropFirst(file.count)
            guard key == "gpgkey", path.hasPrefix("/"), let slash = path.lastIndex(of: "/") else { return nil }
            let (directory, name) = (path[..<slash], path[path.index(after: slash)...])
            guard !name.isEmpty, name != "..", !directory.contains("$") else { return nil }
            return file + percentEncoded(try keys(String(directory)).utf8, keepingSlashes: true) + "/" + name
        }
        guard let scheme = ["http://", "https://"].first(where: { text.lowercased().hasPrefix($0) }) else { return nil }
        return mirror.isEmpty ? String(text) : mirror + text.dropFirst(scheme.count).drop { $0 != "/" }
    }
}
