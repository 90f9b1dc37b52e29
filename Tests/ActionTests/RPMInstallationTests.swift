import Foundation
import TestSupport
import Testing

/// Packages of distributions with RPMs, by dnf and zypper: of the image, or of the front-end.
@Suite(.serialized) struct RPMInstallationTests {
    typealias Builder = InstallationRig.Builder
    typealias System = InstallationRig.System

    private static let systems: [System] = [.rocky, .opensuse]

    private func names(_ rig: InstallationRig, _ image: String, _ directory: String) throws -> String {
        try rig.container.debug(image, "ls -p \(directory)")
    }

    @Test(arguments: systems, [Builder.user, .alone])
    func installsWhatPackagesNeed(_ system: System, _ builder: Builder) throws {
        let rig = try InstallationRig(system)
        let outcome = try rig.export(builder, rig.message(size: 1024, packages: "parted"))
        let image = try rig.container.image(outcome, size: 1024)
        #expect(outcome.errors.contains(builder.way), "\(outcome.errors)")
        #expect(try run(["/sbin/e2fsck", "-fn", image]).status == .exited(0))
        let shared = try names(rig, image, "/usr/share")
        for name in ["one-context", "tool", "tool-base", "ruby", "parted"] { #expect(shared.contains("/\(name)/")) }
        // The list of packages says that it is there already.
        #expect(!shared.contains("/curl/"))
        let own = try rig.container.debug(image, "stat /srv/own/file")
        #expect(own.contains("User:  1000   Group:  1001"), "\(own)")
        guard builder.hasNamespace else {
            return #expect(
                outcome.warnings.contains { $0.contains("put in, but not configured") && $0.contains("tool-base-1-1") })
        }
        #expect(outcome.errors.contains("the image's own \(system.manager), in a user namespace"))
        let tool = try rig.container.debug(image, "stat /var/lib/tool")
        #expect(tool.contains("Mode:  02750") && tool.contains("User:    33   Group:  1234"), "\(tool)")
        #expect(try names(rig, image, "/var/lib").contains("/contextualized/"))
        let attribute = try rig.container.debug(image, "ea_list /usr/bin/capable")
        #expect(attribute.contains("security.capability (20) = 01 00 00 02 00 04 00 00"), "\(attribute)")
        let servers = try ["/etc/yum.repos.d", "/etc/zypp/repos.d"].map {
            try rig.container.debug(image, "cat \($0)/main.repo")
        }
        #expect(servers.allSatisfy { $0.contains("baseurl=http://packages.invalid/rpm\n") })
        #expect(try !names(rig, image, "/").contains(".market-drivers"))
    }

    /// Servers that a package brings have the mirror, too, and are in the image as the package has them.
    @Test func aPackageWithFurtherServers() throws {
        let rig = try InstallationRig(.rocky)
        let outcome = try rig.export(.user, rig.message(size: 1024, packages: "more-release beyond"))
        let image = try rig.container.image(outcome, size: 1024)
        #expect(try names(rig, image, "/usr/share").contains("/beyond/"))
        let servers = try rig.container.debug(image, "cat /etc/yum.repos.d/more.repo")
        #expect(servers.contains("baseurl=http://packages.invalid/more\n"), "\(servers)")
    }

    @Test(arguments: systems, [Builder.user, .alone])
    func tellsWhatThePackageManagerSays(_ system: System, _ builder: Builder) throws {
        let rig = try InstallationRig(system)
        let missing = try rig.export(builder, rig.message(size: 1024, packages: "no-such-package"))
        try rig.container.expectFailure(missing, "no-such-package")
        #expect(missing.reasons.first?.contains("\(system.manager)") == true, "\(missing.errors)")
        let broken = try rig.export(builder, rig.message(size: 1024, packages: "broken"))
        try rig.container.expectFailure(broken, "no-such-tool")
        let away = try rig.message(size: 1024).with(
            "MARKETPLACE/TEMPLATE/PACKAGE_MIRROR", "\(system)=http://127.0.0.1:9")
        try rig.container.expectFailure(rig.export(builder, away), "http://127.0.0.1:9/rpm")
    }

    /// Formats of the list of packages, and where it is: of EL 9, EL 8, Fedora and openSUSE. Debian's rpm reads the first
    /// two.
    @Test(arguments: [(System.rocky, "sqlite"), (.rocky, "bdb"), (.opensuse, "sqlite"), (.opensuse, "ndb")])
    func readsTheListOfPackagesAndLeavesItAsItIs(_ system: System, _ format: String) throws {
        let rig = try InstallationRig(system, database: format)
        let outcome = try rig.export(.alone, rig.message(size: 1024))
        let image = try rig.container.image(outcome, size: 1024)
        let shared = try names(rig, image, "/usr/share")
        for name in ["one-context", "tool", "tool-base", "ruby"] { #expect(shared.contains("/\(name)/"), "\(name)") }
        #expect(!shared.contains("/curl/"))
        let directory = system == .rocky ? "/var/lib/rpm" : "/usr/lib/sysimage/rpm"
        let file = ["sqlite": "rpmdb.sqlite", "bdb": "Packages", "ndb": "Packages.db"][format] ?? ""
        let listed = try names(rig, image, directory).split(separator: "\n").compactMap { line in
            line.split(separator: "/", omittingEmptySubsequences: false).dropFirst(5).first.map(String.init)
        }
        #expect(listed.sorted() == [".", "..", ".rpm.lock", file])
        let copy = rig.container.catalog.directory.path("image-database")
        _ = try rig.container.debug(image, "dump \(directory)/\(file) \(copy)")
        #expect(FileManager.default.contentsEqual(atPath: copy, andPath: rig.rpmDatabase))
    }

    /// An rpm takes it for an empty one: all of the distribution would be fetched, and put in.
    @Test(
        arguments: [
            (System.opensuse, "usr/lib/sysimage/rpm", "Packages.db", "RpmP"),
            (.opensuse, "usr/lib/sysimage/rpm", "Packages.db", "RpmP" + String(repeating: "\0", count: 4092)),
            (.rocky, "var/lib/rpm", "rpmdb.sqlite", ""),
        ])
    func fetchesNothingByAListOfPackagesThatItCannotRead(
        _ system: System, _ directory: String, _ file: String, _ content: String
    ) throws {
        let rig = try InstallationRig(system, changes: [directory + "/" + file: Array(content.utf8)])
        let refused = try rig.export(.alone, rig.message(size: 1024))
        try rig.container.expectFailure(refused, "and this front-end has none that could fetch them")
        let reason = "this front-end's rpm cannot read the image's list of packages, in /" + directory
        #expect(refused.errors.contains(reason), "\(refused.errors)")
        let outcome = try rig.export(.alone, rig.message(size: 1024, ["BUILD_MODE": "files"]))
        let image = try rig.container.image(outcome, size: 1024)
        let shared = try names(rig, image, "/usr/share")
        #expect(shared.contains("/one-context/") && !shared.contains("/tool/") && !shared.contains("/curl/"))
        #expect(outcome.warnings.contains { $0.contains("the packages of the distribution are not installed") })
    }

    /// An image of SLES has no servers before it is registered.
    @Test(arguments: [Builder.user, .alone]) func tellsThatAnImageHasNoServers(_ builder: Builder) throws {
        let servers = Array("[main-repo]\nname=main\nenabled=0\nbaseurl=http://packages.invalid/rpm\n".utf8)
        let rig = try InstallationRig(.opensuse, changes: ["etc/zypp/repos.d/main.repo": servers])
        let outcome = try rig.export(builder, rig.message(size: 1024))
        try rig.container.expectFailure(outcome, "There are no enabled repositories defined.")
    }

    /// Amazon Linux 2: a yum that knows none of dnf's own options, and installs what it is told by another name.
    @Test func tellsYumWhatToInstall() throws {
        let yum = """
            #!/bin/sh
            echo "$*" | sed 's|/[^ ]*/packages/|PLACE/|' >>/var/lib/calls
            case $* in *install_weak_deps*) echo "Error: unknown option"; exit 1 ;; esac
            exec dnf "$@"
            """
        let rig = try InstallationRig(
            .rocky,
            changes: [
                "usr/bin/yum": Array(yum.utf8), "usr/lib/os-release": Array("ID=amzn\nVERSION_ID=2\n".utf8),
            ])
        let served = rig.container.catalog.served
        try FileManager.default.copyItem(
            atPath: served + "/one-context-1-1.el9.noarch.rpm", toPath: served + "/one-context-1-1.amzn2.noarch.rpm")
        let message = try rig.message(size: 1024).with([
            "MARKETPLACE/TEMPLATE/CONTEXT_PACKAGES": served + "/one-context-1-1.amzn2.noarch.rpm",
            "MARKETPLACE/TEMPLATE/PACKAGE_MIRROR": "amzn=" + rig.container.server.url(""),
        ])
        let outcome = try rig.export(.user, message)
        let image = try rig.container.image(outcome, size: 1024)
        guard Builder.canHaveNamespaces else { return }
        #expect(outcome.errors.contains("the image's own yum, in a user namespace"), "\(outcome.errors)")
        #expect(
            try rig.container.debug(image, "cat /var/lib/calls").split(separator: "\n") == [
                "-y makecache",
                "-y install util-linux bash curl bind-utils cloud-utils-growpart parted ruby rubygem-json sudo "
                    + "shadow-utils openssh-server gawk virt-what PLACE/one-context-1-1.amzn2.noarch.rpm",
                "-y install qemu-guest-agent", "-y clean all",
            ])
        #expect(try names(rig, image, "/var/lib").contains("/contextualized/"))
    }
}
