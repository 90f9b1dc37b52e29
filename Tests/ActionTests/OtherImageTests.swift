import Foundation
import TestSupport
import Testing

/// Packages in images whose own programs cannot be run, or only some of them.
@Suite(.serialized) struct OtherImageTests {
    typealias System = InstallationRig.System

    /// A program for the other of two processors: nothing but its header counts.
    private func foreignProgram() throws -> [UInt8] {
        var program = [UInt8](try Data(contentsOf: URL(filePath: "/bin/sh")))
        let machines: [UInt8] = [62, 183]
        program[18] = program[18] == machines[0] ? machines[1] : machines[0]
        return program
    }

    /// qemu-user, if this machine has it, cannot run it either.
    @Test(arguments: [System.debian, .rocky])
    func putsInFilesWhereTheProgramsAreForAnotherProcessor(_ system: System) throws {
        let rig = try InstallationRig(system, changes: ["usr/bin/dash": foreignProgram()])
        let outcome = try rig.export(.user, rig.message(size: 1024))
        let image = try rig.container.image(outcome, size: 1024)
        #expect(outcome.errors.contains("way of the build: files of packages"), "\(outcome.errors)")
        if InstallationRig.Builder.canHaveNamespaces {
            #expect(outcome.errors.contains("the image's package manager cannot be run: "), "\(outcome.errors)")
        }
        let shared = try rig.container.debug(image, "ls -p /usr/share")
        for name in ["one-context", "tool", "tool-base", "ruby"] { #expect(shared.contains("/\(name)/"), "\(name)") }
        #expect(try run(["/sbin/e2fsck", "-fn", image]).status == .exited(0))
        let required = try rig.message(size: 1024, ["BUILD_MODE": "namespace"])
        let refused = try rig.export(.user, required)
        #expect(refused.status == .exited(1) && refused.reasons.count == 1, "\(refused.errors)")
        #expect(refused.reasons.first?.contains("BUILD_MODE is namespace, but ") == true)
    }

    @Test(arguments: [InstallationRig.Builder.user, .alone])
    func hasNoPasswordOfRoot(_ builder: InstallationRig.Builder) throws {
        let shadow = "daemon:*:1::::::\nroot:$6$salt$hash:19000:0:99999:7:::\nu:$6$x:1::::::\n"
        let rig = try InstallationRig(changes: ["etc/shadow": Array(shadow.utf8)])
        let image = try rig.container.image(rig.export(builder, rig.message()), size: 512)
        let lines = try rig.container.debug(image, "cat /etc/shadow").split(separator: "\n")
        #expect(lines.starts(with: ["daemon:*:1::::::", "root:*:19000:0:99999:7:::", "u:$6$x:1::::::"]), "\(lines)")
        let status = try rig.container.debug(image, "stat /etc/shadow")
        #expect(status.contains("Mode:  0755") && status.contains("User:     0   Group:     0"), "\(status)")
    }

    /// Whose servers do not say that signatures do not matter.
    @Test func refusesRPMsThatNobodyHasSigned() throws {
        let servers = "[main-repo]\nname=main\nbaseurl=http://packages.invalid/rpm\n"
        let rig = try InstallationRig(.rocky, changes: ["etc/yum.repos.d/main.repo": Array(servers.utf8)])
        let outcome = try rig.export(.alone, rig.message(size: 1024))
        try rig.container.expectFailure(outcome, "Problem repository: [main-repo] | gpgcheck: 1")
    }

    /// An Alpine whose apk only notes what it is told.
    @Test(arguments: ["none", "nano", "vim", "one-context=1-r0", "list"]) func tellsApkWhatToInstall(_ missing: String)
        throws
    {
        let apk = """
            #!/bin/sh
            vim() {
                echo "ERROR: unable to select packages:"
                echo "  vim (no such package):"
                echo "    required by: world[vim]"
                exit 1
            }
            if [ "\(missing) $1" = "list update" ]; then
                echo "WARNING: updating and opening MIRROR/alpine/main/x86_64/APKINDEX.tar.gz: BAD signature"
                echo "1 unavailable, 0 stale; 1 distinct packages available"
                exit 1
            fi
            if [ "$1" = update ]; then echo " [MIRROR/alpine/main]"; fi
            if [ "$1" = info ]; then [ "$3" = \(missing) ] || echo "$3"; exit; fi
            case "\(missing) $*" in vim*" vim "*) vim ;; esac
            echo "$*" | sed 's|/[^ ]*/packages/|PLACE/|' >>/var/lib/calls
            case $* in *ruby-json) echo "ERROR: unable to select packages: ruby-json (no such package)"; exit 1 ;; esac
            grep -q nameserver /etc/resolv.conf && [ "$(cat /etc/apk/repositories)" = MIRROR/alpine/main ]
            """
        let rig = try InstallationRig(changes: [
            "usr/lib/os-release": Array("ID=alpine\nVERSION_ID=3.21.3\n".utf8),
            "etc/apk/repositories": Array("https://dl-cdn.example/alpine/main\n".utf8),
            "usr/bin/apk": Array(apk.replacing("MIRROR", with: "http://mirror.example").utf8),
        ])
        let message = try rig.message(packages: "vim nano").with([
            "MARKETPLACE/TEMPLATE/CONTEXT_PACKAGES": rig.container.makePackage("one-context-1-r0.apk"),
            "MARKETPLACE/TEMPLATE/PACKAGE_MIRROR": "alpine=http://mirror.example",
        ])
        let outcome = try rig.export(.user, message)
        guard InstallationRig.Builder.canHaveNamespaces else {
            return try rig.container.expectFailure(outcome, "this front-end has none that could fetch them")
        }
        switch missing {
        case "none": break
        case "list":
            let said = "WARNING: updating and opening http://mirror.example/alpine/main/x86_64/APKINDEX.tar.gz: BAD "
            let place = "(packages come from http://mirror.example/alpine/main/x86_64/APKINDEX.tar.gz); "
            return try rig.container.expectFailure(outcome, "apk of the image says: \(said)signature \(place)")
        case "vim":
            try rig.container.expectFailure(outcome, "unable to select packages: | vim (no such package):")
            return try rig.container.expectFailure(outcome, "(packages come from http://mirror.example/alpine/main)")
        default:
            let name = missing == "nano" ? missing : "one-context-1-r0.apk"
            return try rig.container.expectFailure(outcome, "Cannot install \(name) in the image of ")
        }
        let image = try rig.container.image(outcome, size: 512)
        #expect(
            try rig.container.debug(image, "cat /var/lib/calls").split(separator: "\n") == [
                "update",
                "add util-linux bash curl udev sfdisk parted e2fsprogs-extra sudo shadow ruby bind-tools openssh "
                    + "qemu-guest-agent gawk virt-what vim nano",
                "add --allow-untrusted PLACE/one-context-1-r0.apk", "add ruby-json", "add open-vm-tools",
            ])
        #expect(outcome.errors.contains("the optional package ruby-json cannot be installed"))
        #expect(
            try rig.container.debug(image, "cat /etc/apk/repositories") == "https://dl-cdn.example/alpine/main\n")
        let log = try rig.container.debug(image, "cat /var/log/market-drivers-build.log")
        #expect(log.contains("ERROR: unable to select packages"))
    }
}
