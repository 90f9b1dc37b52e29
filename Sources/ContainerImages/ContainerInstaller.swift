import DriverProtocol
import Glibc
import Posix

/// Installs packages in a container with the container's own package manager, in namespaces that hold nothing of this
/// machine but its network.
struct ContainerInstaller {
    /// Makes the build's directory in the container: $1 is the tree, $2 its name there, the rest packages' files.
    private static let prepareScript = """
        set -e
        umask 022
        cd "$1"
        place=$2
        shift 2
        mkdir "$place" "$place/packages"
        for file; do
            mv -- "$file" "$place/packages/"
        done
        chmod 644 "$place"/packages/* 2>/dev/null || true
        chown -R 0:0 "$place"
        cat /etc/resolv.conf >"$place/resolv.conf"
        cat ../names >"$place/names"
        cat ../optional >"$place/optional"
        """
    /// Runs the rest in $1, with its output at the end of $2 and $3 as its input. No file gets more than $4 half
    /// kibibytes: ulimit(1) of sh(1).
    private static let logScript = """
        cd "$1" && log=$2 input=$3 && shift 3 || exit
        # It may be lower already.
        ulimit -f "$1" 2>/dev/null || :
        shift && exec "$@" <"$input" >>"$log" 2>&1
        """
    private static let log = "build.log"
    private static let logTail = 64 << 10

    private let site: BuildSite
    private let tree: ContainerTree
    private let installation: ContextInstallation
    private let mirror: String
    private let proxies: [String]
    private let isRequired: Bool
    private let namespace: UserNamespace
    /// The mode of the container's root directory.
    private let top: mode_t
    /// The name of the build's directory in the container.
    private let place = ".market-drivers-" + randomName()

    /// - Parameter tree: in a namespace.
    init(
        _ tree: ContainerTree, _ installation: ContextInstallation, mirror: String?, _ options: BuildOptions
    ) throws {
        guard let namespace = tree.site.namespace else {
            throw tree.site.failure("it has no namespace", remedy: "tell the makers of these drivers")
        }
        self.namespace = namespace
        self.tree = tree
        self.installation = installation
        site = tree.site
        do {
            top = try FileStatus(path: tree.path, followLinks: false).mode & 0o7777
        } catch {
            throw DriverError("build", quoted(site.image.url), error)
        }
        self.mirror = mirror ?? ""
        proxies = options.proxies
        isRequired = options.mode == .namespace
    }

    private var program: String { installation.manager == .apt ? "apt-get" : installation.manager.rawValue }

    // MARK: Whether it can be done

    /// Returns why the container's package manager cannot be run, or nil if it can: another processor's programs, an
    /// image that is no system.
    func obstacle() throws -> String? {
        try setTop(top | 0o011)
        let status = try runInside("command -v \(program) >/dev/null || exit 1", input: "/dev/null")
        guard !status.isSuccess else { return nil }
        let reason = lastLines(of: try readLog(), 1, matching: { _ in true })
        switch status {
        case .exited(let code) where ContainerRoot.failures.contains(code): return reason
        default: return "the image has no \(program)"
        }
    }

    /// Removes the tree if its files may be put in without it, else throws.
    func refuse(_ obstacle: String) throws {
        guard !isRequired else {
            throw site.failure(
                "BUILD_MODE is namespace, but its package manager cannot be run: \(obstacle)",
                remedy: "set BUILD_MODE to auto or files")
        }
        site.log.info("the image's package manager cannot be run: \(obstacle)")
        _ = try site.runAsRoot(["rm", "-rf", "--", tree.path], changes: true)
        unlink(site.file(Self.log))
    }

    // MARK: The installation

    /// Installs the packages. Returns those of the `attributes`, by files of the archive, that are still the files'.
    func run(_ attributes: [ExtendedAttribute]) throws -> [ExtendedAttribute] {
        site.log.info("way of the build: the image's own \(program), in a user namespace")
        let earlier = attributes.isEmpty ? [] : try tree.entries()
        try prepare()
        let names = installation.files.map(\.name) + installation.names
        site.log.info("installing \(names.joined(separator: " "))")
        let status = try runInside(InstallScripts.install, input: "/dev/null")
        guard status.isSuccess else { throw failure(status, try readLog()) }
        for line in try readLog().split(separator: "\n") where line.hasPrefix("market-drivers: ") {
            site.log.info(oneLine(String(line.dropFirst("market-drivers: ".count)), limit: 200))
        }
        let finished = try runInside(InstallScripts.finish, input: site.file(Self.log), log: "finish.log")
        guard finished.isSuccess else {
            throw site.failure(
                "it cannot be cleaned up: \(lastLines(of: try readLog("finish.log"), 2, matching: { _ in true }))",
                remedy: "use another image, or set BUILD_MODE to files")
        }
        _ = try site.runAsRoot(["rm", "-rf", "--", joined(tree.path, place)], changes: true)
        try setTop(top)
        return try unchanged(attributes, since: earlier)
    }

    /// Gives the container's root directory a mode: this user has to enter it before it is root of the container.
    private func setTop(_ mode: mode_t) throws {
        guard top != top | 0o011 else { return }
        let result = try site.runAsRoot(["chmod", String(mode, radix: 8), "--", tree.path], changes: true)
        guard result.status.isSuccess else {
            throw site.failure("its top cannot be opened: \(result.reason)", remedy: "check the disk of STAGING_DIR")
        }
    }

    private func prepare() throws {
        let bytes = { (names: [String]) in Array(names.map { $0 + "\n" }.joined().utf8) }
        _ = try site.write(bytes(installation.names), to: "names")
        _ = try site.write(bytes(installation.optional), to: "optional")
        var files: [String] = []
        for file in installation.files {
            // Some package managers tell a package by its name's end.
            let named = site.file(file.name)
            guard file.path == named || rename(file.path, named) == 0 else {
                throw DriverError("build", quoted(site.image.url), SystemError("rename", file.path))
            }
            files.append(named)
        }
        let result = try site.runAsRoot(
            ["sh", "-c", Self.prepareScript, "sh", tree.path, place] + files, changes: true)
        guard result.status.isSuccess else {
            throw site.failure("it cannot be prepared: \(result.reason)", remedy: "check the disk of STAGING_DIR")
        }
    }

    /// Runs a script of ``InstallScripts``, or a command, with the container's own shell.
    private func runInside(_ script: String, input: String, log: String = Self.log) throws -> ExitStatus {
        let words = ["/bin/sh", "-c", script, "sh", installation.manager.rawValue, "/" + place, mirror]
        do {
            let command = try namespace.containerCommand(words)
            return try site.run(
                ["sh", "-c", Self.logScript, "sh", tree.path, site.file(log), input, "\(site.image.size << 11)"]
                    + command,
                package: "util-linux", secrets: proxies
            ).status
        } catch let error as SystemError {
            throw DriverError("build", quoted(site.image.url), error)
        } catch let error as DriverError where error.underlying is Command.Failure {
            let said = lastLines(of: try readLog(log), 2, matching: { _ in true })
            throw site.failure(
                "\(program) of the image: \(error.cause)\(said.isEmpty ? "" : ", and said last: \(said)")",
                remedy: "check the servers of packages and the load of this machine, or use another image")
        }
    }

    /// Returns those attributes of files that no package has replaced.
    private func unchanged(_ attributes: [ExtendedAttribute], since earlier: [TreeEntry]) throws -> [ExtendedAttribute]
    {
        guard !attributes.isEmpty else { return [] }
        func stamps(_ entries: [TreeEntry]) -> [[UInt8]: [UInt64]] {
            Dictionary(entries.map { ($0.path, [$0.inode, UInt64(bitPattern: $0.time)]) }) { first, _ in first }
        }
        let (old, new) = (stamps(earlier), stamps(try tree.entries()))
        return attributes.filter { attribute in
            let path = Array((attribute.path.isEmpty ? "." : "./").utf8) + attribute.path
            // Packages put files into directories, which stay the same.
            return new[path] != nil && (old[path]?.first == new[path]?.first)
        }
    }

    // MARK: Errors

    private func readLog(_ name: String = Self.log) throws -> String {
        guard let file = try? FileDescriptor.open(site.file(name), O_RDONLY | O_NOFOLLOW),
            let bytes = try? file.readTail(limit: Self.logTail)
        else { return "" }
        let text = String(decoding: bytes, as: UTF8.self)
        return proxyURLs.reduce(text) { $0.replacing($1, with: "PROXY") }
    }

    /// The proxies that the image's programs are told of, which may have passwords in them, the longest first.
    private var proxyURLs: [String] {
        let names = ["http_proxy=", "https_proxy=", "all_proxy="]
        let urls = (CurrentProcess.environment + proxies).compactMap { variable in
            names.first { variable.lowercased().hasPrefix($0) }.map { String(variable.dropFirst($0.count)) }
        }
        return urls.filter { !$0.isEmpty }.sorted { $0.utf8.count > $1.utf8.count }
    }

    private func lastLines(of log: String, _ count: Int, matching isWanted: (Substring) -> Bool) -> String {
        let lines = log.split(whereSeparator: \.isNewline).filter { $0.contains { !$0.isWhitespace } }
        return oneLine(
            lines.filter(isWanted).suffix(count).map { $0.drop(while: \.isWhitespace) }.joined(separator: " | "),
            limit: 500)
    }

    /// The error of the package manager, in its own words.
    private func failure(_ status: ExitStatus, _ log: String) -> DriverError {
        let marks = [
            "E: ", "error", "no match", "no package", "unable to", "nothing provides", "not found", "failed",
            "depends:", "no such package", "updating and opening",
        ]
        let telling = lastLines(of: log, 3) { line in
            let line = line.lowercased()
            return marks.contains { line.contains($0.lowercased()) }
        }
        let said = telling.isEmpty ? lastLines(of: log, 3) { _ in true } : telling
        if let full = site.fullDisk(said, isMeasured: true) { return full }
        let server = server(in: telling) ?? server(in: log)
        if status == .exited(InstallScripts.notRecorded), let line = log.split(separator: "\n").last {
            return DriverError(
                "install",
                "\(oneLine(String(line.trimmingPrefix(InstallScripts.missing)), limit: 500)) in the image of "
                    + quoted(site.image.url),
                cause: "\(program) of the image says that it has done so, but the image's own records do not have it",
                remedy: "check CONTEXT_EXTRA_PACKAGES, use another image, or set BUILD_MODE to files")
        }
        let cause =
            "\(program) of the image says: \(said.isEmpty ? "\(status)" : said)"
            + (server.map { " (packages come from \($0))" } ?? "")
        let remedy = "check that server and the proxy, name another with PACKAGE_MIRROR, or set CONTEXT = \"NO\""
        guard status != .exited(InstallScripts.noLists) else {
            return DriverError(
                "fetch", "the package lists for the image of \(quoted(site.image.url))", cause: cause, remedy: remedy)
        }
        let asked = installation.extraNames.filter { name in telling.contains(name) }
        return DriverError(
            "install",
            "\((installation.files.map(\.name) + installation.names).joined(separator: " ")) in the image of "
                + quoted(site.image.url),
            cause: cause,
            remedy: (asked.isEmpty ? "" : "check \(asked.joined(separator: " ")) in CONTEXT_EXTRA_PACKAGES, or ")
                + remedy)
    }

    /// Returns the first URL in a text.
    private func server(in text: String) -> String? {
        guard
            let scheme = ["http://", "https://"].compactMap({ text.firstRange(of: $0) }).min(by: {
                $0.lowerBound < $1.lowerBound
            })
        else { return nil }
        let url = text[scheme.lowerBound...].prefix { !$0.isWhitespace && !"'\",|)]".contains($0) }
        return String(url.hasSuffix(":") ? url.dropLast() : url)
    }
}
