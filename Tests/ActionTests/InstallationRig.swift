import Foundation
import Posix
import TestSupport
import Testing

/// A small Debian as the image, which may take itself for another distribution, and a server with packages for it.
final class InstallationRig: Sendable {
    /// Who runs the drivers, and what the machine lets them do.
    enum Builder: String, CaseIterable, CustomTestStringConvertible {
        case root
        /// With subordinate ids.
        case user
        /// Root of a container that has no other user.
        case alone
        /// Root of a container that may make no namespaces.
        case confined

        var testDescription: String { rawValue }

        /// Whether this machine lets them have a namespace: a CI's container may not.
        static let canHaveNamespaces: Bool = {
            let parts = ["unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork"]
            return (try? run(parts + ["mount", "-t", "proc", "proc", "/proc"]).status.isSuccess) == true
        }()

        /// Whether the image's own package manager can be run.
        var hasNamespace: Bool { [.root, .user].contains(self) && Self.canHaveNamespaces }

        /// The way in which they can build.
        var way: String {
            hasNamespace
                ? "way of the build: the image's own "
                : "way of the build: files of packages"
        }

        /// The command in front of an action's. A test that is no root's does not change who runs it.
        func command(_ rig: ContainerRig) throws -> [String] {
            guard geteuid() == 0 else { return [] }
            switch self {
            case .root: return []
            case .confined:
                let calls = ["--trace=unshare", "--inject=unshare:error=EPERM"]
                return ["strace", "--follow-forks", "--seccomp-bpf", "--output=/dev/null"] + calls
            case .alone: return Self.canHaveNamespaces ? ["unshare", "--user", "--map-root-user"] : []
            case .user:
                let setpriv = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
                try TestFiles.succeed(["chown", "-R", "65534:65534", rig.catalog.directory.path])
                guard Self.canHaveNamespaces else { return setpriv }
                let ids = try rig.catalog.directory.write("subordinate", "nobody:200000:65536\n".utf8)
                let script = "mount --bind \"$0\" /etc/subuid && mount --bind \"$0\" /etc/subgid && exec \"$@\""
                return ["unshare", "--mount", "sh", "-c", script, ids] + setpriv
            }
        }
    }

    /// What the image takes itself for.
    enum System: String, CaseIterable {
        case debian, rocky, opensuse

        /// The archive, which all tests share.
        var image: String { Fixture.packageRoot.appending(path: ".build/\(rawValue)-root.tar").path }

        var package: String {
            switch self {
            case .debian: "one-context_1.deb"
            case .rocky: "one-context-1-1.el9.noarch.rpm"
            case .opensuse: "one-context-1-1.suse.noarch.rpm"
            }
        }

        /// Its version, and its package manager.
        fileprivate var options: [String] {
            switch self {
            case .debian: []
            case .rocky: ["9", "dnf"]
            case .opensuse: ["15.6", "zypper"]
            }
        }

        var manager: String { options.last ?? "apt-get" }
    }

    let container: ContainerRig
    private let system: System
    /// The file of the image's list of RPMs, if a test has chosen its format.
    var rpmDatabase: String { container.catalog.directory.path("rpm-database") }

    /// - Parameters:
    ///   - script: what Debian's package `hostile` does when it is installed.
    ///   - changes: files of the image with another content, all of them programs.
    ///   - links: symbolic links of the image, by their paths.
    ///   - modes: of files of the image, in octal digits.
    ///   - database: the format of the image's list of RPMs, for `rpm-database.py`, if it is another.
    init(
        _ system: System = .debian, hostile script: String = "", changes: [String: [UInt8]] = [:],
        links: [String: String] = [:], modes: [String: String] = [:], database: String? = nil
    ) throws {
        self.system = system
        container = try ContainerRig(settings: "")
        let served = container.catalog.served
        if system == .debian {
            try Self.rig("debian-root.sh", [system.image])
            try Self.rig("package-repository.sh", [served, script])
        } else {
            try Self.rig("debian-root.sh", [system.image, system.rawValue] + system.options)
            try Self.rig("rpm-repository.sh", [served])
        }
        var image = changes.isEmpty ? system.image : try changed(system.image, changes, links)
        if !modes.isEmpty { image = try changed(image, modes: modes) }
        if let database {
            let script = Fixture.packageRoot.appending(path: "Tests/Rigs/rpm-database.py").path
            let copy = container.catalog.directory.path("with-database.tar")
            try TestFiles.succeed(["python3", script, image, copy, database, rpmDatabase])
            image = copy
        }
        try container.prepare("--archive", image)
    }

    /// Returns a copy of the archive in which these files have other modes.
    private func changed(_ archive: String, modes: [String: String]) throws -> String {
        let copy = container.catalog.directory.path("with-modes.tar")
        let script = """
            import sys, tarfile
            modes = dict(word.split("=") for word in sys.argv[3:])
            with tarfile.open(sys.argv[1]) as old, tarfile.open(sys.argv[2], "w", format=tarfile.PAX_FORMAT) as new:
                for entry in old:
                    name = "./" + entry.name.removeprefix("./") if entry.name not in ("", ".") else "."
                    entry.mode = int(modes.pop(name, oct(entry.mode)), 8)
                    new.addfile(entry, old.extractfile(entry) if entry.isreg() else None)
            assert not modes, modes
            """
        try TestFiles.succeed(["python3", "-c", script, archive, copy] + modes.map { "\($0)=\($1)" })
        return copy
    }

    /// Returns a copy of the archive that has these files at its end.
    private func changed(
        _ archive: String, _ changes: [String: [UInt8]], _ links: [String: String]
    ) throws -> String {
        let directory = container.catalog.directory
        let copy = directory.path("changed.tar")
        try FileManager.default.copyItem(atPath: archive, toPath: copy)
        for (path, content) in changes {
            let parent = path.split(separator: "/").dropLast().joined(separator: "/")
            _ = try directory.makeDirectory("changes/" + parent)
            try directory.write("changes/" + path, content)
        }
        for (path, target) in links {
            let parent = path.split(separator: "/").dropLast().joined(separator: "/")
            _ = try directory.makeDirectory("changes/" + parent)
            try FileManager.default.createSymbolicLink(
                atPath: directory.path("changes/" + path), withDestinationPath: target)
        }
        let place = ["--file", copy, "--directory", directory.path("changes")]
        try TestFiles.succeed(
            ["tar", "--append", "--owner=0", "--group=0", "--mode=755"] + place
                + (changes.keys.sorted() + links.keys.sorted()).map { "./" + $0 })
        return copy
    }

    /// Runs a script of `Tests/Rigs`. Returns what it prints.
    @discardableResult static func rig(_ name: String, _ arguments: [String], timeout: Double = 900) throws -> String {
        let outcome = try run(
            ["sh", Fixture.packageRoot.appending(path: "Tests/Rigs/\(name)").path] + arguments, timeout: timeout)
        guard outcome.status.isSuccess else { throw TestFiles.Failed([name], outcome) }
        return outcome.output
    }

    func message(
        size: Int = 512, fileSystem: String = "ext4", packages: String = "",
        _ attributes: KeyValuePairs<String, String?> = [:]
    ) throws -> DriverMessage {
        let common: KeyValuePairs<String, String?> = [
            "MARKETPLACE/TEMPLATE/CONTEXT_PACKAGES": container.catalog.served + "/" + system.package,
            "MARKETPLACE/TEMPLATE/CONTEXT_EXTRA_PACKAGES": packages,
            "MARKETPLACE/TEMPLATE/PACKAGE_MIRROR": "\(system)=" + container.server.url(""),
        ]
        return try container.message(size: size, fileSystem: fileSystem, attributes).with(common)
    }

    /// The environment and the command of an export.
    ///
    /// - Parameter program: the executable, in place of the one that is built.
    func command(_ builder: Builder, program: String? = nil) throws -> [String] {
        let action = Programs.action("market-linuxcontainers-export")
        return try builder.command(container) + (program.map { [$0] + action.dropFirst() } ?? action)
    }

    static let nothing = ["http_proxy": "", "https_proxy": "", "no_proxy": ""]

    /// - Parameter through: a command in front of the export's.
    func export(
        _ builder: Builder, _ message: DriverMessage, program: String? = nil, through: [String] = []
    ) throws -> Outcome {
        let environment = ["ONE_LOCATION": container.catalog.directory.path].merging(Self.nothing) { $1 }
        return try run(
            through + command(builder, program: program), input: message.base64, environment: environment, timeout: 600)
    }

    /// Returns the processes of this rig's builds: those with a work directory in their environment or their mounts.
    func processes() throws -> [String] {
        let directory = container.catalog.directory.path
        return try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { name in
            guard let pid = Int32(name), pid != getpid(),
                // One that has ended, and waits for its parent, is none.
                let state = try? String(contentsOfFile: "/proc/\(name)/stat", encoding: .utf8), !state.contains(") Z ")
            else { return false }
            return ["environ", "mountinfo"].contains { file in
                let bytes = FileManager.default.contents(atPath: "/proc/\(name)/\(file)") ?? Data()
                return String(decoding: bytes, as: UTF8.self).contains(directory)
            }
        }
    }
}
