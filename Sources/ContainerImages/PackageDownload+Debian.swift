import DriverProtocol
import Glibc
import Posix

/// Packages of Debian and its kin.
extension PackageDownload {
    /// Converts copies of the container's sources: $1 is the tree, $2 the directory of the download, $3 the mirror, or
    /// nothing, then pairs of a name in the download and a file. Keys are the container's own.
    private static let sourcesScript = """
        set -eu
        tree=$1 place=$2 mirror=$3
        umask 022
        mkdir -p "$place/sources.list.d" "$place/lists/partial" "$place/archives/partial" "$place/empty"
        convert() {
            sed -e "s|\\\\([Ss]igned-[Bb]y[=:] *\\\\)/|\\\\1$tree/|" ${mirror:+-e "s|https*://[^/ ]*|$mirror|g"} <"$1" >"$2"
        }
        : >"$place/sources.list"
        shift 3
        while [ "$#" -gt 1 ]; do
            convert "$2" "$place/$1"
            shift 2
        done
        """
    /// Ways to fetch that reach more than servers.
    private static let forbiddenMethods = ["cdrom", "copy", "file", "mirror+file", "rsh", "ssh", "store"]

    /// Fetches what is missing. Returns whether this front-end can do that, for this container.
    func fetchDebian(_ installation: ContextInstallation) throws -> Bool {
        guard isInstalled("apt-get"), let architecture else { return false }
        let prepared = try site.run(
            ["sh", "-c", Self.sourcesScript, "sh", tree.path, place, mirror] + copyOfSources(), package: "coreutils")
        guard prepared.status.isSuccess else {
            throw site.failure("its package lists cannot be read: \(prepared.reason)", remedy: "use another image")
        }
        try runApt(["update"], architecture, "the package lists")
        try runApt(
            ["install", "--yes", "--download-only"] + installation.names + installation.files.map(\.path),
            architecture, title(installation))
        return true
    }

    /// Copies the container's lists of sources, as the container sees them: a link in it leads to none of this machine's
    /// files. Returns the name in the download and the copy of each.
    private func copyOfSources() throws -> [String] {
        let directory = "sources.list.d"
        let further = tree.names(in: "etc/apt/" + directory).filter {
            $0.hasSuffix(".list") || $0.hasSuffix(".sources")
        }
        var pairs: [String] = []
        for name in ["sources.list"] + further.map({ directory + "/" + $0 }) {
            guard let text = tree.text(of: "etc/apt/" + name) else { continue }
            pairs += [name, try site.write(Array(text.utf8), to: "apt-\(randomName()).list")]
        }
        return pairs
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
            "Dir::Etc::sourceparts=\(place)/sources.list.d",
            "Dir::Etc::trusted=\(path(of: "etc/apt/trusted.gpg", otherwise: "/dev/null"))",
            "Dir::Etc::trustedparts=\(path(of: "etc/apt/trusted.gpg.d", otherwise: place + "/empty"))",
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
