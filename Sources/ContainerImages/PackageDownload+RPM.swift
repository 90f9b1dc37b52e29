import DriverProtocol
import Glibc
import Posix

/// Packages of distributions with RPMs. The package manager gets a root directory with nothing but a copy of the
/// container's list of packages, since it writes there.
extension PackageDownload {
    /// Directories that a container's list of packages may be in.
    private static let databases = ["var/lib/rpm", "usr/lib/sysimage/rpm"]
    private static let copyScript = """
        set -e
        cd "$1"
        for file in *; do
            if [ -f "$file" ] && [ ! -L "$file" ]; then cp -- "$file" "$2/"; fi
        done
        """
    private static let importScript = """
        rpmdb --dbpath "$1" --initdb && rpmdb --nodigest --nosignature --dbpath "$1" --importdb <"$2"
        """
    /// What zypper(8) exits with if it only informs.
    private static let zypperSuccesses: [Int32] = [0, 100, 101, 102, 103, 106]

    /// Fetches what is missing. Returns whether this front-end can do that, for this container.
    func fetchWithDNF(_ installation: ContextInstallation) throws -> Bool {
        guard isInstalled("dnf"), try prepare(repositories: "etc/yum.repos.d") else { return false }
        for directory in ["etc/yum/vars", "etc/dnf/vars"] {
            try makeDirectories("root/" + directory)
            for name in tree.names(in: directory) {
                guard let text = tree.text(of: directory + "/" + name) else { continue }
                _ = try write(lines: [text], to: "root/\(directory)/\(name)")
            }
        }
        // Directories of it are below the root directory.
        let settings = ["gpgcheck=1", "plugins=0", "install_weak_deps=0"]
        let configuration = try write(lines: ["[main]"] + settings, to: "dnf.conf")
        let processor = tree.machine.map { ["--forcearch=" + $0] } ?? []
        let result = try run(
            ["dnf", "-y", "--config=" + configuration, "--installroot=" + joined(place, "root")] + processor
                + ["--downloadonly", "--downloaddir=" + archives, "install"] + words(installation))
        guard result.status.isSuccess else { throw failure("dnf", title(installation), said(result)) }
        return true
    }

    /// Like ``fetchWithDNF(_:)``.
    func fetchWithZypper(_ installation: ContextInstallation) throws -> Bool {
        guard isInstalled("zypper"), try prepare(repositories: "etc/zypp/repos.d") else { return false }
        let processor = tree.machine.map { ["arch = " + $0] } ?? []
        let library = try write(lines: ["[main]"] + processor, to: "zypp.conf")
        let configuration = try write(lines: ["[main]"], to: "zypper.conf")
        let release = Distribution(tree).version
        let zypper =
            ["env", "ZYPP_CONF=" + library, "zypper", "--config", configuration, "--non-interactive"]
            + ["--gpg-auto-import-keys", "--root", joined(place, "root"), "--pkg-cache-dir", archives]
            + (release.isEmpty ? [] : ["--releasever", release])
        // An installation would do without the servers that do not answer.
        let refreshed = try run(zypper + ["refresh"])
        guard refreshed.status.isSuccess else { throw failure("zypper", "the package lists", said(refreshed)) }
        let result = try run(
            zypper + ["install", "--download-only", "--no-recommends", "--allow-unsigned-rpm"] + words(installation))
        guard case .exited(let code) = result.status, Self.zypperSuccesses.contains(code) else {
            throw failure("zypper", title(installation), said(result))
        }
        return true
    }

    private func words(_ installation: ContextInstallation) -> [String] {
        installation.names + installation.files.map(\.path)
    }

    /// Whether the front-end's rpm knows the format of a list of packages. It takes an unknown one for an empty one, and
    /// the whole distribution would be fetched.
    private func canRead(_ list: String) throws -> Bool {
        let result = try site.run(
            ["rpm", "--dbpath", list, "--query", "--all", "--queryformat", "x"], package: "rpm", outputLimit: 1 << 20)
        return result.status.isSuccess && !result.output.isEmpty
    }

    /// Makes the root directory, and the list of servers. Returns false if the container has no list of packages, or one
    /// that cannot be read here.
    private func prepare(repositories: String) throws -> Bool {
        let directory = Self.databases.first { directory in
            tree.names(in: directory).contains { $0.hasPrefix("rpmdb.") || $0.hasPrefix("Packages") }
        }
        guard let directory = directory.flatMap({ tree.resolved($0) }) else { return false }
        try makeDirectories(
            "root/var/lib/rpm", "root/" + repositories, "archives", "home")
        guard try copyList(directory) else {
            site.log.info("this front-end's rpm cannot read the image's list of packages, in /\(directory)")
            return false
        }
        // Debian's own place for it is another.
        _ = try write(lines: ["%_dbpath /var/lib/rpm"], to: "home/.rpmmacros")
        var directories: [String: String] = [:]
        let list = RepositoryList(mirror: mirror) { directory in
            let copy = try directories[directory] ?? copyKeys(of: directory)
            directories[directory] = copy
            return joined(place, copy)
        }
        for name in tree.names(in: repositories) where name.hasSuffix(".repo") {
            guard let text = tree.text(of: repositories + "/" + name) else { continue }
            _ = try site.write(Array(list.converted(text).utf8), to: "download/root/\(repositories)/\(name)")
        }
        return true
    }

    /// Copies the container's list of packages, in a format that this front-end's rpm knows. Returns whether it can read
    /// the copy.
    private func copyList(_ directory: String) throws -> Bool {
        let copy = joined(place, "root/var/lib/rpm")
        guard tree.names(in: directory).contains(NDBPackages.fileName) else {
            let copied = try site.run(
                ["sh", "-c", Self.copyScript, "sh", joined(tree.path, directory), copy], package: "coreutils")
            guard copied.status.isSuccess else {
                throw site.failure("its list of packages cannot be read: \(copied.reason)", remedy: "use another image")
            }
            return try canRead(copy)
        }
        guard let file = tree.bytes(of: joined(directory, NDBPackages.fileName), limit: NDBPackages.sizeLimit),
            let headers = NDBPackages.headers(of: file)
        else { return false }
        let list = try site.write(headers, to: "download/headers")
        defer { unlink(list) }
        let imported = try site.run(["sh", "-c", Self.importScript, "sh", copy, list], package: "rpm")
        guard imported.status.isSuccess else {
            throw site.failure(
                "its list of packages cannot be converted: \(imported.reason)", remedy: "use another image")
        }
        return try canRead(copy)
    }

    /// Copies the keys in a directory of the container: their names in a list have variables in them, which only the
    /// package manager knows. Returns the path of the copy in the download.
    private func copyKeys(of directory: String) throws -> String {
        let copy = "keys-" + randomName()
        try makeDirectories(copy)
        for name in tree.names(in: directory) { _ = try copyKeys(directory + "/" + name, to: copy + "/" + name) }
        return copy
    }

    private func write(lines: [String], to name: String) throws -> String {
        try site.write(Array(lines.map { $0 + "\n" }.joined().utf8), to: "download/" + name)
    }

    /// Both want to be root.
    private func run(_ command: [String]) throws -> Command.Result {
        try site.runAsRoot(
            ["env", "HOME=" + joined(place, "home")] + command, changes: false, outputLimit: 16 << 20, secrets: proxies)
    }

    /// Returns what the package manager complains of: dnf on its standard error, zypper on its output.
    private func said(_ result: Command.Result) -> String {
        let lines = (String(decoding: result.output.suffix(16 << 10), as: UTF8.self) + "\n" + result.errors)
            .split(whereSeparator: \.isNewline)
        let marks = [
            "error", "no match", "no provider", "nothing provides", "unable to", "problem", "failed", "not found",
            "not signed", "gpg", "repositories defined",
        ]
        let telling = lines.filter { line in marks.contains { line.lowercased().contains($0) } }
        return oneLine(
            (telling.isEmpty ? [Substring(result.reason)] : telling.suffix(6)).joined(separator: " | "), limit: 500)
    }
}
