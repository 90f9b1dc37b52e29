import Foundation
import Glibc
import TestSupport
import Testing

/// A contextualized image with packages of a real Debian, booted: its systemd is the first process of a container.
@Suite struct ContainerBootTests {
    /// Whether this machine lets root boot a container: a CI's container has no loop devices or network of its own.
    private static let canBoot: Bool = {
        let attempt = "losetup --find && ip link add near type veth peer name far && mount -o remount,bind,ro /sys"
        let parts = ["unshare", "--mount", "--net", "--pid", "--fork", "--mount-proc"]
        return geteuid() == 0 && InstallationRig.Builder.canHaveNamespaces
            && (try? run(parts + ["sh", "-c", attempt]).status.isSuccess) == true
    }()

    /// What is asked in the container, and the answers: a line each.
    private static let questions: KeyValuePairs = [
        "systemctl is-system-running --wait": "running", "hostname": "booted",
        "sort /run/one-context.done | xargs": "one-context one-context-local one-context-online",
        "ip -4 -o address show eth0 | awk '{print $4}'": "10.0.0.2/24",
        "ip route show default | awk '{print $3}'": "10.0.0.1", "wc -c </etc/machine-id": "33",
        "dpkg --audit | wc -l": "0", "systemctl is-enabled ssh one-context-local | xargs": "enabled enabled",
        "stat -c %a:%u:%g /etc/passwd /etc/ssh/sshd_config | xargs": "644:0:0 644:0:0",
        "id -un sshd": "sshd",
    ]
    private static let log = "grep -sc 'Setting up one-context' /var/log/market-drivers-build.log || echo none"
    private static let key = "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub"

    /// Boots a copy of an image. Returns the fingerprint of its key.
    ///
    /// - Parameter log: the packages that the log of the build has as set up.
    private func boot(_ image: String, log: String, in directory: TemporaryDirectory, _ name: String) throws -> String {
        let copy = directory.path(name + ".img")
        try TestFiles.succeed(["cp", "--sparse=always", image, copy])
        let place = try directory.makeDirectory(name)
        let command = (Self.questions.map(\.key) + [Self.log, Self.key]).joined(separator: "; ")
        let answers = try InstallationRig.rig("boot-container.sh", [copy, place, command], timeout: 240)
            .split(separator: "\n").map(String.init)
        #expect(Array(answers.dropLast()) == Self.questions.map(\.value) + [log])
        let mounts = try String(contentsOfFile: "/proc/mounts", encoding: .utf8)
        #expect(!mounts.contains(directory.path))
        return answers.last ?? ""
    }

    /// Both ways, by an ordinary user. Nothing of the image runs before its first boot in the second of them.
    @Test(arguments: [("namespace", "1", 2), ("files", "none", 1)])
    func hasNameNetworkAndKey(_ mode: String, _ log: String, _ copies: Int) throws {
        guard Self.canBoot else { return }
        let user = InstallationRig.Builder.user
        let root = Fixture.packageRoot.appending(path: ".build/bootable-root.tar").path
        try InstallationRig.rig("debian-root.sh", [root, "--bootable"])
        let rig = try ContainerRig(settings: "")
        try rig.prepare("--archive", root)
        let package = rig.catalog.served + "/one-context_1.deb"
        try InstallationRig.rig("boot-package.sh", [package])
        let message = try rig.message(size: 1500, ["CONTEXT_PACKAGES": package, "BUILD_MODE": mode])
        let outcome = try run(
            user.command(rig) + Programs.action("market-linuxcontainers-export"), input: message.base64,
            environment: ["ONE_LOCATION": rig.catalog.directory.path].merging(InstallationRig.nothing) { $1 },
            timeout: 600)
        let image = try rig.image(outcome, size: 1500)
        #expect(outcome.errors.contains(mode == "files" ? ", ssh.service\n" : user.way), "\(outcome.errors)")

        let keys = try (1...copies).map { number in
            try boot(image, log: log, in: rig.catalog.directory, "copy-\(number)")
        }
        #expect(Set(keys).count == copies && keys.allSatisfy { $0.contains(" SHA256:") }, "\(keys)")
    }
}
