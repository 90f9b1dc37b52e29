import DriverProtocol
import Glibc
import Posix

/// Packages of Debian and its kin.
extension PackageDownload {
    private static let furtherSources = "sources.list.d"
    private static let furtherKeys = "trusted.gpg.d"
    /// Ways to fetch that reach more than servers. ``SourcesList`` refuses the one that apt itself needs.
    private static let forbiddenMethods = ["cdrom", "copy", "file", "mirror+file", "rsh", "ssh"]

    /// Fetches what is missing. Returns whether this front-end can do that, for this container.
    func fetchDebian(_ installation: ContextInstallation) throws -> Bool {
        guard isInstalled("apt-get"), let architecture else { return false }
        try makeDirectories(
            Self.furtherSources, Self.furtherKeys, "lists/partial", "archives/partial", "empty", "keys")
        try copySources()
        try runApt(["update"], architecture, "the package lists")
        try runApt(
            ["install", "--yes", "--download-only"] + installation.names + installation.files.map(\.path),
            architecture, title(installation))
        return true
    }

    /// Copies the container's lists of sources and its keys, as the container sees them: a link in it leads to none of
    /// this machine's files.
    private func copySources() throws {
        let list = SourcesList(mirror: mirror) { path in
            // Programs run in the work directory, whose path may have blanks in it.
            try copyKeys(path, to: "keys/" + randomName() + "-" + path.replacing("/", with: "-"))
                .map { "/proc/self/cwd/" + $0 } ?? "/nonexistent" + path
        }
        let further = tree.names(in: "etc/apt/" + Self.furtherSources).filter {
            $0.hasSuffix(".list") || $0.hasSuffix(".sources")
        }
        for name in ["sources.list"] + further.map({ Self.furtherSources + "/" + $0 }) {
            let text = tree.text(of: "etc/apt/" + name) ?? ""
            _ = try site.write(Array(list.converted(text).utf8), to: "download/" + name)
        }
        let keys = tree.names(in: "etc/apt/" + Self.furtherKeys).map { Self.furtherKeys + "/" + $0 }
        for name in ["trusted.gpg"] + keys { _ = try copyKeys("etc/apt/" + name, to: name) }
    }

    /// Returns the path of a file of the container without links, or that of nothing.
    private func path(of name: String, otherwise nothing: String) -> String {
        guard tree.status(name) != nil, let place = tree.resolved(name) else { return nothing }
        return joined(tree.path, place)
    }

    /// Debian's name of the container's processor.
    private var architecture: String? {
        guard let place = tree.resolved("var/lib/dpkg/status"),
            let file = try? FileDescriptor.open(joined(tree.path, place), O_RDONLY | O_NOFOLLOW | O_NONBLOCK),
            let bytes = try? file.readToEnd(limit: 64 << 20)
        else { return nil }
        for stanza in String(decoding: bytes, as: UTF8.self).split(separator: "\n\n") {
            let lines = stanza.split(separator: "\n")
            guard lines.contains("Package: dpkg") else { continue }
            let prefix = "Architecture: "
            return lines.first { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
        }
        return nil
    }

    private func runApt(_ words: [String], _ architecture: String, _ object: String) throws {
        let options = [
            "Dir::Etc::main=/dev/null", "Dir::Etc::parts=\(place)/empty", "Dir::Etc::sourcelist=\(place)/sources.list",
            "Dir::Etc::sourceparts=\(place)/\(Self.furtherSources)",
            "Dir::Etc::trusted=\(place)/trusted.gpg", "Dir::Etc::trustedparts=\(place)/\(Self.furtherKeys)",
            "Dir::Etc::preferences=/dev/null",
            "Dir::Etc::preferencesparts=\(place)/empty", "Dir::State=\(place)", "Dir::State::lists=\(place)/lists",
            "Dir::State::status=\(path(of: "var/lib/dpkg/status", otherwise: "/dev/null"))", "Dir::Cache=\(place)",
            "Dir::Cache::archives=\(place)/archives", "Dir::Log=\(place)", "APT::Architecture=\(architecture)",
            "APT::Architectures=\(architecture)", "APT::Install-Recommends=false", "APT::Sandbox::User=",
            "APT::Update::Error-Mode=any", "Debug::NoLocking=true", "Acquire::Languages=none",
        ]
        let methods = Self.forbiddenMethods.map { "Dir::Bin::Methods::\($0)=false" }
        let settings = (options + (words.first == "update" ? methods : [])).flatMap { ["-o", $0] }
        // Its own configuration of this machine would be read before the options.
        let configuration = try site.write(
            Array("Dir::Etc::main \"/dev/null\";\nDir::Etc::parts \"\(place)/empty\";\n".utf8),
            to: "apt-\(randomName()).conf")
        let result = try site.run(
            ["env", "APT_CONFIG=\(configuration)", "apt-get", "-q"] + settings + words, package: "apt",
            outputLimit: 16 << 20, secrets: proxies)
        guard !result.status.isSuccess else { return }
        let said = result.errors.split(whereSeparator: \.isNewline).filter { $0.hasPrefix("E: ") }.suffix(3)
        throw failure("apt-get", object, said.isEmpty ? result.reason : said.joined(separator: " | "))
    }
}
