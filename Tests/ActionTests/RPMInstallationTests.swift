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
}
