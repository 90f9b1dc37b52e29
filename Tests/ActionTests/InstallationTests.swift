import Foundation
import Posix
import TestSupport
import Testing

/// Packages in a container's image, installed by its own package manager.
@Suite(.serialized) struct InstallationTests {
    typealias Builder = InstallationRig.Builder

    private func text(_ rig: InstallationRig, _ image: String, _ path: String) throws -> String {
        try rig.container.debug(image, "cat \(path)")
    }

    private func expect(_ rig: InstallationRig, _ image: String, _ files: [(path: String, patterns: [String])]) throws {
        for (path, patterns) in files {
            let text = try rig.container.debug(image, "stat \(path)")
            for pattern in patterns { #expect(text.contains(pattern), "\(path): \(pattern)\n\(text)") }
        }
    }

    /// What was the image's own, and what no installation may leave.
    private func expectOwn(_ rig: InstallationRig, _ image: String) throws {
        #expect(try run(["/sbin/e2fsck", "-fn", image]).status == .exited(0))
        try expect(
            rig, image,
            [
                ("/srv/own", ["directory", "Mode:  0700", "User:  1000   Group:  1001"]),
                ("/srv/own/file", ["User:  1000   Group:  1001", "Size: 5"]),
                ("/dev/null", ["character special", "Mode:  0666", "User:     0   Group:     0", "number: 01:03"]),
                ("/etc/resolv.conf", ["symlink", "\"../run/systemd/resolve/stub-resolv.conf\""]),
                ("/usr/share/one-context/file", ["regular", "Mode:  0644", "User:     0   Group:     0"]),
            ])
        let attribute = try rig.container.debug(image, "ea_list /usr/bin/attributed")
        #expect(attribute.contains("security.capability (20) = 01 00 00 02 00 20 00 00"), "\(attribute)")
        #expect(try text(rig, image, "/etc/apt/sources.list").contains("http://packages.invalid/debian"))
        #expect(try !rig.container.debug(image, "ls -p /").contains(".market-drivers"))
        #expect(try !rig.container.debug(image, "ls -p /usr/sbin").contains("policy-rc.d"))
    }

    @Test(arguments: Builder.allCases) func installsWhatPackagesNeed(_ builder: Builder) throws {
        let rig = try InstallationRig()
        let outcome = try rig.export(builder, rig.message())
        let image = try rig.container.image(outcome, size: 512)
        #expect(outcome.errors.contains(builder.way), "\(outcome.errors)")
        try expectOwn(rig, image)
        #expect(try rig.processes().isEmpty)
        try expect(rig, image, [("/usr/share/tool/file", ["regular"]), ("/usr/share/tool-base/file", ["regular"])])
        guard builder.hasNamespace else {
            #expect(
                outcome.warnings.contains { $0.contains("put in, but not configured") && $0.contains("tool-base_1") })
            return try expect(rig, image, [("/var/lib/base", [])])
        }
        try expect(
            rig, image,
            [
                ("/var/lib/tool", ["directory", "Mode:  02750", "User:    33   Group:  1234"]),
                ("/var/lib/base", ["regular"]), ("/var/lib/contextualized", ["regular"]),
                ("/etc/machine-id", ["regular", "Size: 0"]),
            ])
        let attribute = try rig.container.debug(image, "ea_list /usr/bin/capable")
        #expect(attribute.contains("security.capability (20) = 01 00 00 02 00 04 00 00"), "\(attribute)")
        #expect(
            try text(rig, image, "/var/lib/dpkg/status").contains("Package: one-context\nStatus: install ok installed"))
        #expect(try text(rig, image, "/var/log/market-drivers-build.log").contains("Setting up one-context (1)"))
        #expect(try !rig.container.debug(image, "ls -p /etc/ssh").contains("ssh_host"))
    }

    /// Compares with what root has installed in a chroot, file by file.
    @Test func isTheTwinOfWhatRootInstallsInAChroot() throws {
        let rig = try InstallationRig()
        let image = try rig.container.image(rig.export(.user, rig.message()), size: 512)
        guard geteuid() == 0, Builder.user.hasNamespace else { return }
        let twin = try rig.container.catalog.directory.makeDirectory("twin")
        try TestFiles.succeed(
            ["unshare", "--mount", "--pid", "--fork", "sh", "-c", Self.twinScript, "sh"]
                + [InstallationRig.System.debian.image, twin]
                + [rig.container.server.url(""), rig.container.catalog.served])
        let ours = try rig.container.catalog.directory.makeDirectory("ours")
        _ = try rig.container.debug(image, "rdump / \(ours)")
        let (found, wanted) = (try Self.files(ours), try Self.files(twin))
        #expect(wanted.count > 3000)
        // debugfs leaves out the special bits of what it writes.
        let modes = try Self.modes(image, found.keys.sorted())
        for (path, file) in wanted {
            #expect(found[path].map { [modes[path] ?? ""] + $0.dropFirst() } == file, "\(path)")
        }
        #expect(Set(found.keys) == Set(wanted.keys))
    }

    /// Returns the modes of files in an image, in octal digits.
    private static func modes(_ image: String, _ paths: [String]) throws -> [String: String] {
        let directory = try TemporaryDirectory()
        let script = try directory.write("script", paths.map { "stat \"/\($0.dropFirst(2))\"\n" }.joined().utf8)
        let lines = try TestFiles.succeed(["/sbin/debugfs", "-f", script, image]).output.split(separator: "\n")
        let modes = lines.filter { $0.hasPrefix("Inode: ") }.map { line in
            let digits = line.split(separator: "Mode:")[1].split(separator: " ")[0]
            return UInt32(digits, radix: 8).map { String($0, radix: 8) } ?? ""
        }
        #expect(modes.count == paths.count)
        return Dictionary(uniqueKeysWithValues: zip(paths, modes))
    }

    private static let twinScript = """
        set -e
        tar -xf "$1" -C "$2" --numeric-owner --same-permissions
        cd "$2"
        mount --bind /dev dev
        mount -t proc proc proc
        mv etc/resolv.conf kept
        echo nameserver 127.0.0.1 >etc/resolv.conf
        printf '#!/bin/sh\\nexit 101\\n' >usr/sbin/policy-rc.d
        chmod 755 usr/sbin/policy-rc.d
        sed -i "s|http://packages.invalid|$3|" etc/apt/sources.list
        cp "$4/one-context_1.deb" tmp/
        names="util-linux bash curl bind9-host cloud-utils parted ruby sudo passwd dbus openssh-server"
        names="$names qemu-guest-agent gawk virt-what open-vm-tools"
        export DEBIAN_FRONTEND=noninteractive no_proxy='*'
        chroot . apt-get -q update
        chroot . apt-get -qy --no-install-recommends install /tmp/one-context_1.deb $names
        chroot . apt-get clean
        rm -rf tmp/* usr/sbin/policy-rc.d etc/resolv.conf
        mv kept etc/resolv.conf
        sed -i "s|$3|http://packages.invalid|" etc/apt/sources.list
        umount proc dev
        """

    /// Returns each file's mode, kind, owner, group and size or link by its path. Lists, logs and devices are left out:
    /// no two are the same.
    private static func files(_ directory: String) throws -> [String: [String]] {
        let listing = try TestFiles.succeed([
            "sh", "-c",
            "cd \"$0\" && find . -path ./var/log -prune -o -path ./var/cache -prune -o -path ./var/lib/apt -prune "
                + "-o -path ./etc/ssh -prune -o -path ./dev -prune -o -name lost+found -prune -o -type f "
                + "-printf '%p\\t%m\\t%y\\t%U\\t%G\\t%s\\n' -o -printf '%p\\t%m\\t%y\\t%U\\t%G\\t%l\\n'", directory,
        ]).output
        let files = listing.split(separator: "\n").map { line in
            line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        }
        return Dictionary(files.map { ($0[0], Array($0.dropFirst())) }) { first, _ in first }
            .filter { !["./etc/machine-id", "./etc/ld.so.cache", "./var/lib/dpkg/status-old"].contains($0.key) }
    }

    @Test func keepsOwnersAndCapabilitiesInAnXFSImage() throws {
        let rig = try InstallationRig()
        let image = try rig.container.image(rig.export(.user, rig.message(size: 700, fileSystem: "xfs")), size: 700)
        #expect(try run(["xfs_repair", "-n", "-f", image]).status == .exited(0))
        #expect(try XFSImageTests.database(image, "path /srv/own/file", "print core.uid core.gid").contains("1001"))
        #expect(try XFSImageTests.database(image, "path /dev/null", "print core.mode").contains("020666"))
        let value = try XFSImageTests.database(image, "path /usr/bin/attributed", "print a.sfattr.list[0].name")
        #expect(value.contains("capability"), "\(value)")
        guard Builder.user.hasNamespace else { return }
        let new = try XFSImageTests.database(image, "path /usr/bin/capable", "print a.sfattr.list[0].name")
        #expect(new.contains("capability"), "\(new)")
    }

    @Test(arguments: [
        (
            "tool no-such-package", "",
            [
                "E: Unable to locate package no-such-package", "/debian",
                "; check no-such-package in CONTEXT_EXTRA_PACKAGES, or check that server",
            ]
        ),
        ("broken", "", ["broken", "no-such-tool"]), ("failing", "", ["failing", "exit status 3"]),
        ("", "debian=http://127.0.0.1:9", ["Cannot fetch the package lists for ", "http://127.0.0.1:9/debian"]),
    ]) func tellsWhatThePackageManagerSays(_ packages: String, _ mirror: String, _ parts: [String]) throws {
        let rig = try InstallationRig()
        var message = try rig.message(packages: packages, ["BUILD_MODE": "auto"])
        if !mirror.isEmpty { message = message.with("MARKETPLACE/TEMPLATE/PACKAGE_MIRROR", mirror) }
        let outcome = try rig.export(.user, message)
        guard Builder.user.hasNamespace else { return }
        for part in parts { try rig.container.expectFailure(outcome, part) }
    }

    /// A package manager that says that all is well, and installs nothing: none of the image's own records has it.
    @Test(arguments: InstallationRig.System.allCases) func asksTheImagesRecords(_ system: InstallationRig.System) throws
    {
        let nothing = Array("#!/bin/sh\nexit 0\n".utf8)
        let rig = try InstallationRig(
            system, changes: ["usr/bin/" + (system == .rocky ? "dnf-3" : system.manager): nothing])
        let outcome = try rig.export(.user, rig.message(size: 1024, packages: "vim"))
        guard Builder.user.hasNamespace else { return }
        try rig.container.expectFailure(
            outcome, "Cannot install \(system.package) ")
        try rig.container.expectFailure(outcome, " vim in the image of ")
        try rig.container.expectFailure(
            outcome,
            "\(system.manager) of the image says that it has done so, but the image's own records do not have it")
        // What the image has had before is there.
        #expect(outcome.reasons.first?.contains(" bash ") == (system != .debian), "\(outcome.errors)")
    }

    @Test func aNameMayBeWhatAPackageProvidesOrAVersion() throws {
        let rig = try InstallationRig()
        let outcome = try rig.export(.user, rig.message(packages: "tool=1 tool-feature sudo:all slow-"))
        _ = try rig.container.image(outcome, size: 512)
    }

    /// The drivers in a directory that only root can enter.
    @Test(arguments: [UInt16(0o755), 0o700]) func theDriversMayLieInAClosedDirectory(_ mode: UInt16) throws {
        let rig = try InstallationRig()
        let message = try rig.message()
        let closed = try rig.container.catalog.directory.makeDirectory("closed")
        let program = closed + "/market-drivers"
        try FileManager.default.copyItem(atPath: Programs.path("market-drivers"), toPath: program)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: program)
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: closed)
        let outcome = try rig.export(.user, message, program: program)
        _ = try rig.container.image(outcome, size: 512)
        guard Builder.user.hasNamespace else { return }
        #expect(outcome.errors.contains(Builder.user.way) == (mode == 0o755), "\(outcome.errors)")
        #expect(
            outcome.errors.contains("others may not execute \(program), so the users of a container cannot either")
                == (mode == 0o700), "\(outcome.errors)")
    }

    /// Directories and files that only the image's root can look at, from the top on.
    @Test func looksIntoClosedDirectories() throws {
        let rig = try InstallationRig(modes: [
            ".": "0700", "./etc": "2710", "./usr/lib": "0700", "./usr/lib/os-release": "0600",
        ])
        let outcome = try rig.export(.user, rig.message())
        let image = try rig.container.image(outcome, size: 512)
        #expect(outcome.errors.contains("is for Debian GNU/Linux"), "\(outcome.errors)")
        #expect(outcome.errors.contains(Builder.user.way), "\(outcome.errors)")
        try expect(
            rig, image,
            [
                ("/", ["Mode:  0700"]), ("/etc", ["Mode:  02710"]), ("/usr/lib", ["Mode:  0700"]),
                ("/usr/lib/os-release", ["Mode:  0600"]), ("/etc/shadow", ["Mode:  0640"]),
            ])
    }

    @Test func namesTheDiskThatIsFull() throws {
        guard geteuid() == 0, Builder.canHaveNamespaces else { return }
        let rig = try InstallationRig(hostile: "dd if=/dev/zero of=/var/filler bs=1M")
        let script = "mount -t tmpfs -o mode=755,size=420m none \"$1\" && shift && exec \"$@\""
        let outcome = try rig.export(
            .root, rig.message(size: 2048, packages: "hostile"),
            through: ["unshare", "--mount", "sh", "-c", script, "sh", rig.container.staging])
        try rig.container.expectFailure(
            outcome, "'\(rig.container.staging)' has too little room for its files, ")
        try rig.container.expectFailure(outcome, "set STAGING_DIR to a directory with more")
    }

    @Test(arguments: [
        ("namespace", "BUILD_MODE is namespace, but its package manager cannot be run"), ("files", nil),
        ("fakeroot", "is no way to build an image; use auto, namespace, files"),
    ]) func takesTheWayThatIsAskedFor(_ mode: String, _ part: String?) throws {
        let rig = try ContainerRig(settings: "")
        try rig.prepare("--distribution", "debian")
        let package = try rig.makePackage("one-context.deb")
        let outcome = try rig.export(
            rig.message([
                "CONTEXT_PACKAGES": package, "BUILD_MODE": mode, "PACKAGE_MIRROR": "ubuntu=http://127.0.0.1:9",
            ]))
        if let part {
            if mode != "namespace" || Builder.root.hasNamespace { try rig.expectFailure(outcome, part) }
        } else {
            try rig.expectContainer(rig.image(outcome))
            #expect(outcome.errors.contains("way of the build: files"))
            let lines = outcome.errors.split(separator: "\n").filter { $0.contains("PACKAGE_MIRROR has none for ") }
            #expect(lines.count == 1, "\(outcome.errors)")
        }
    }
}
