import Foundation
import Posix
import TestSupport
import Testing

/// A small Debian as the image, and a server with packages for it.
final class InstallationRig: Sendable {
    /// Who runs the drivers, and what the machine lets them do.
    enum Builder: String, CaseIterable, CustomTestStringConvertible {
        case root
        /// With subordinate ids.
        case user
        /// Root of a container that has no other user.
        case alone

        var testDescription: String { rawValue }

        /// Whether this machine lets them have a namespace: a CI's container may not.
        static let canHaveNamespaces: Bool = {
            let parts = ["unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork"]
            return (try? run(parts + ["mount", "-t", "proc", "proc", "/proc"]).status.isSuccess) == true
        }()

        /// The way in which they can build.
        var way: String {
            self != .alone && Self.canHaveNamespaces
                ? "way of the build: the image's own apt-get, in a user namespace"
                : "way of the build: files of packages"
        }

        /// The first of the ids that stand for the container's own.
        var firstID: Int { self == .root ? 0x6FFE_0000 : 200_000 }

        /// The command in front of an action's. A test that is no root's does not change who runs it.
        func command(_ rig: InstallationRig) throws -> [String] {
            guard geteuid() == 0 else { return [] }
            switch self {
            case .root: return []
            case .alone: return Self.canHaveNamespaces ? ["unshare", "--user", "--map-root-user"] : []
            case .user:
                let setpriv = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
                guard Self.canHaveNamespaces else { return setpriv }
                let ids = try rig.container.catalog.directory.write("subordinate", "nobody:200000:65536\n".utf8)
                let script = "mount --bind \"$0\" /etc/subuid && mount --bind \"$0\" /etc/subgid && exec \"$@\""
                return ["unshare", "--mount", "sh", "-c", script, ids] + setpriv
            }
        }
    }

    /// The archive, which all tests share.
    static let image = Fixture.packageRoot.appending(path: ".build/debian-root.tar").path

    let container: ContainerRig

    /// - Parameter script: what the package `hostile` does when it is installed.
    init(hostile script: String = "") throws {
        container = try ContainerRig(settings: "")
        try Self.rig("debian-root.sh", Self.image)
        try Self.rig("package-repository.sh", container.catalog.served, script)
        try container.prepare("--archive", Self.image)
    }

    private static func rig(_ name: String, _ arguments: String...) throws {
        let outcome = try run(
            ["sh", Fixture.packageRoot.appending(path: "Tests/Rigs/\(name)").path] + arguments, timeout: 900)
        guard outcome.status.isSuccess else { throw TestFiles.Failed([name], outcome) }
    }

    func message(
        size: Int = 512, fileSystem: String = "ext4", packages: String = "",
        _ attributes: KeyValuePairs<String, String?> = [:]
    ) throws -> DriverMessage {
        let common: KeyValuePairs<String, String?> = [
            "MARKETPLACE/TEMPLATE/CONTEXT_PACKAGES": container.catalog.served + "/one-context_1.deb",
            "MARKETPLACE/TEMPLATE/CONTEXT_EXTRA_PACKAGES": packages,
            "MARKETPLACE/TEMPLATE/PACKAGE_MIRROR": "debian=" + container.server.url(""),
        ]
        return try container.message(size: size, fileSystem: fileSystem, attributes).with(common)
    }

    /// The environment and the command of an export.
    func command(_ builder: Builder) throws -> [String] {
        if builder == .user, geteuid() == 0 {
            try TestFiles.succeed(["chown", "-R", "65534:65534", container.catalog.directory.path])
        }
        return try builder.command(self) + Programs.action("market-linuxcontainers-export")
    }

    static let nothing = ["http_proxy": "", "https_proxy": "", "no_proxy": ""]

    func export(_ builder: Builder, _ message: DriverMessage) throws -> Outcome {
        let environment = ["ONE_LOCATION": container.catalog.directory.path].merging(Self.nothing) { $1 }
        return try run(command(builder), input: message.base64, environment: environment, timeout: 600)
    }

    /// Returns the processes with a namespace of a builder's ids.
    static func processes(of builder: Builder) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { name in
            guard Int(name) != nil,
                // One that has ended, and waits for its parent, is none.
                let state = try? String(contentsOfFile: "/proc/\(name)/stat", encoding: .utf8), !state.contains(") Z "),
                let map = try? String(contentsOfFile: "/proc/\(name)/uid_map", encoding: .utf8)
            else { return false }
            return map.split(separator: "\n").contains { line in
                line.split(separator: " ").dropFirst().first.flatMap { Int($0) } == builder.firstID
            }
        }
    }
}
