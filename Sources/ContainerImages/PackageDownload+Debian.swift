import DriverProtocol
import Glibc
import Posix

/// Packages of Debian and its kin.
extension PackageDownload {
    /// Copies the container's sources: $1 is the tree, $2 the directory of the download, $3 the mirror, or nothing. Keys
    /// are the container's own.
    private static let sourcesScript = """
        set -eu
        tree=$1 place=$2 mirror=$3
        umask 022
        mkdir -p "$place/sources.list.d" "$place/lists/partial" "$place/archives/partial" "$place/empty"
        convert() {
            sed -e "s|\\\\([Ss]igned-[Bb]y[=:] *\\\\)/|\\\\1$tree/|" ${mirror:+-e "s|https*://[^/ ]*|$mirror|g"} <"$1" >"$2"
        }
        : >"$place/sources.list"
        [ ! -f "$tree/etc/apt/sources.list" ] || convert "$tree/etc/apt/sources.list" "$place/sources.list"
        for file in "$tree"/etc/apt/sources.list.d/*.list "$tree"/etc/apt/sources.list.d/*.sources; do
            [ ! -f "$file" ] || convert "$file" "$place/sources.list.d/${file##*/}"
        done
        """
    /// Ways to fetch that reach more than servers.
    private static let forbiddenMethods = ["cdrom", "copy", "file", "mirror+file", "rsh", "ssh", "store"]

    /// Fetches what is missing. Returns whether this front-end can do that, for this container.
    func fetchDebian(_ installation: ContextInstallation) throws -> Bool {
        guard isInstalled("apt-get"), let architecture else { return false }
        let prepared = try site.run(
            ["sh", "-c", Self.sourcesScript, "sh", tree.path, place, mirror], package: "coreutils")
        guard prepared.status.isSuccess else {
            throw site.failure("its package lists cannot be read: \(prepared.reason)", remedy: "use another image")
        }
        try runApt(["update"], architecture, "the package lists")
        try runApt(
            ["install", "--yes", "--download-only"] + installation.names + installation.files.map(\.path),
            architecture, title(installation))
        return true
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
            "Dir::Etc::sourceparts=\(place)/sources.list.d", "Dir::Etc::trusted=\(tree.path)/etc/apt/trusted.gpg",
            "Dir::Etc::trustedparts=\(tree.path)/etc/apt/trusted.gpg.d", "Dir::Etc::preferences=/dev/null",
            "Dir::Etc::preferencesparts=\(place)/empty", "Dir::State=\(place)", "Dir::State::lists=\(place)/lists",
            "Dir::State::status=\(tree.path)/var/lib/dpkg/status", "Dir::Cache=\(place)",
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
