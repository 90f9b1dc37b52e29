import DriverProtocol
import Foundation
import TestSupport
import Testing

/// CONTEXT_PACKAGES of a Linux Containers marketplace.
@Suite struct ContextPackageTests {
    private let rig: ContainerRig

    init() throws {
        rig = try ContainerRig(settings: "BUILD_MODE=\"files\"\n")
    }

    private func export(_ packages: String, _ attributes: KeyValuePairs<String, String?> = [:]) throws -> Outcome {
        try rig.export(rig.message(attributes).with("MARKETPLACE/TEMPLATE/CONTEXT_PACKAGES", packages))
    }

    /// A package below the server's root, as a URL with its SHA-256.
    private func url(_ path: String, sha256: String? = nil) throws -> String {
        let digest = try sha256 ?? TestFiles.succeed(["sha256sum", path]).output.prefix(64).description
        return server(path) + "#sha256=" + digest
    }

    private func server(_ path: String) -> String { rig.server.url("/" + (path.split(separator: "/").last ?? "")) }

    private func expect(_ image: String, _ files: [(path: String, patterns: [String])]) throws {
        #expect(try run(["/sbin/e2fsck", "-fn", image]).status == .exited(0))
        for (path, patterns) in files {
            let text = try rig.debug(image, "stat \(path)")
            for pattern in patterns { #expect(text.contains(pattern), "\(path): \(pattern)\n\(text)") }
        }
    }

    private func names(_ image: String, _ directory: String) throws -> Set<String> {
        let lines = try rig.debug(image, "ls -p \(directory)").split(separator: "\n")
        return Set(
            lines.compactMap { $0.split(separator: "/", omittingEmptySubsequences: false).dropFirst(5).first }
                .map(String.init)
        ).subtracting([".", ".."])
    }

    @Test(arguments: [("debian", "one-context_1.deb"), ("rocky", "one-context-1.el9.noarch.rpm")])
    func putsOneInAndEnablesItsUnits(_ distribution: String, _ name: String) throws {
        try rig.prepare("--distribution", distribution)
        let others = ["one-context.apk", "one-context-1.el8.noarch.rpm", "one-context-1.suse.noarch.rpm"]
        let outcome = try export(
            ([rig.makePackage(name)] + others.map { "/nonexistent/" + $0 }).joined(separator: " "))
        let image = try rig.image(outcome)
        try rig.expectContainer(image)
        try expect(
            image,
            [
                // Replaced, if it had another owner, mode and attribute.
                ("/usr/sbin/one-contextd", ["Mode:  0755", "User:     0   Group:     0", "Size: 10"]),
                ("/etc/one-context.d/loc-10-network", ["Mode:  0755", "User:     0"]),
                // Through the image's link to usr/lib.
                ("/usr/lib/udev/rules.d/65-context.rules", ["Mode:  0644"]), ("/lib", ["symlink", "\"usr/lib\""]),
                (
                    "/etc/systemd/system/multi-user.target.wants/one-context.service",
                    ["symlink", "\"/usr/lib/systemd/system/one-context.service\""]
                ),
                ("/etc/systemd/system/timers.target.wants/one-context-reconfigure.timer", ["symlink"]),
                ("/etc/systemd/system/multi-user.target.wants", ["directory", "Mode:  0755", "User:     0"]),
                ("/srv/one", ["directory", "Mode:  0755", "User:     0   Group:     0"]),
            ])
        #expect(
            try names(image, "/etc/systemd/system/multi-user.target.wants") == [
                "one-context-local.service", "one-context.service",
            ])
        #expect(try rig.debug(image, "ea_list /usr/sbin/one-contextd").contains("user.note") == false)
        #expect(try names(image, "/etc/systemd/network").isEmpty)
        #expect(
            try rig.debug(image, "cat /etc/network/interfaces").hasSuffix("auto lo\niface lo inet loopback\n"))
        #expect(
            outcome.errors.contains(
                "enabled one-context-local.service, one-context.service, one-context-reconfigure.timer\n"))
        expectNothingBesides(outcome)
        #expect(!FileManager.default.fileExists(atPath: "/tmp/escaped"))
    }

    @Test(arguments: ["none", "trailing"]) func putsOneIntoAlpineAndAddsItToTheRunlevels(_ trick: String) throws {
        try rig.prepare("--distribution", "alpine")
        let outcome = try export(url(rig.makePackage("one-context.apk", trick)) + " /nonexistent/one-context.deb")
        #expect(outcome.warnings.count == (trick == "none" ? 1 : 2), "\(outcome.errors)")
        #expect(outcome.errors.contains("trailing garbage ignored") == (trick == "trailing"))
        let image = try rig.image(outcome)
        try rig.expectContainer(image)
        #expect(try names(image, "/etc/runlevels/boot") == ["one-context-local"])
        #expect(try names(image, "/etc/runlevels/default") == ["one-context"])
        try expect(
            image,
            [
                ("/etc/runlevels/default/one-context", ["\"/etc/init.d/one-context\""]),
                ("/etc/init.d/one-context", ["Mode:  0755"]), ("/lib/udev/rules.d/65-context.rules", ["Mode:  0644"]),
            ])
        #expect(try names(image, "/").isDisjoint(with: [".PKGINFO", ".post-install", ".SIGN.RSA.x"]))
    }

    @Test func putsOneIntoAnXFSImage() throws {
        try rig.prepare("--distribution", "debian")
        let message = try rig.message(
            size: 300, fileSystem: "xfs", ["CONTEXT_PACKAGES": rig.makePackage("one-context.deb")])
        let image = try rig.image(rig.export(message), size: 300)
        try XFSImageTests.expectContainer(image)
        let link = try XFSImageTests.database(
            image, "path /etc/systemd/system/multi-user.target.wants/one-context.service", "print u3.symlink")
        #expect(link.contains("\"/usr/lib/systemd/system/one-context.service\""))
    }

    @Test(arguments: [
        ("arch", "OpenNebula makes no context packages for Arch Linux; add one that does to CONTEXT_PACKAGES, or set"),
        ("suse", "none of the CONTEXT_PACKAGES fits opensuse-leap"),
    ]) func failsWhereNoneFits(_ distribution: String, _ part: String) throws {
        try rig.prepare("--distribution", distribution)
        let packages = "/nonexistent/one-context.deb /nonexistent/one-context-1.el9.noarch.rpm"
        try rig.expectFailure(export(packages), part)
        // The image as it is can be had all the same: by the marketplace, or by its own location.
        let message = try rig.message(["CONTEXT": "no", "CONTEXT_PACKAGES": packages])
        try rig.expectContainer(rig.image(rig.export(message)))
        let other = try rig.message(["CONTEXT_PACKAGES": packages])
        let source = try #require(other.root.element(at: "MARKETPLACEAPP/SOURCE")?.text)
        try rig.expectContainer(rig.image(rig.export(other.with("MARKETPLACEAPP/SOURCE", source + "&context=no"))))
    }

    /// Expects no other warning than that the packages of the distribution are left out.
    private func expectNothingBesides(_ outcome: Outcome) {
        #expect(
            outcome.warnings.count == 1
                && outcome.warnings.first?.contains("the packages of the distribution are not installed") == true,
            "\(outcome.errors)")
    }

    @Test(arguments: [
        ("devuan", "none", "the image has neither systemd nor OpenRC"),
        ("debian", "other", "have none of the services one-context-local, one-context-online, one-context:"),
    ]) func warnsWhereNothingIsEnabled(_ distribution: String, _ trick: String, _ part: String) throws {
        try rig.prepare("--distribution", distribution)
        let outcome = try export(rig.makePackage("one-context.deb", trick))
        let image = try rig.image(outcome)
        #expect(outcome.warnings.count == 2 && outcome.warnings.last?.contains(part) == true, "\(outcome.errors)")
        try expect(image, [(trick == "other" ? "/opt/other" : "/srv/one/file", ["Mode:  0644"])])
        #expect(try names(image, "/etc/systemd/network") == ["eth0.network"])
    }

    @Test(arguments: [("netplan-link", "debian"), ("opt-link", "rocky")])
    func neverLeavesTheTree(_ trick: String, _ distribution: String) throws {
        _ = try rig.catalog.directory.makeDirectory("outside/one")
        try rig.catalog.directory.write("outside/one/file", "mine".utf8)
        try rig.prepare("--distribution", distribution, "--trick", trick)
        let package = try rig.makePackage(distribution == "debian" ? "one-context.deb" : "one-context.rpm")
        let image = try rig.image(export(package))
        // The target of the image's own link in the container.
        if trick == "opt-link" { try expect(image, [(rig.outside + "/one/file", ["Mode:  0644", "Size: 1"])]) }
        #expect(try rig.catalog.directory.names(in: "outside") == ["one"])
        #expect(try rig.catalog.directory.names(in: "outside/one") == ["file"])
        #expect(try String(contentsOfFile: rig.outside + "/one/file", encoding: .utf8) == "mine")
    }

    @Test func refusesToWriteBehindALinkThatLeadsNowhere() throws {
        try rig.prepare("--distribution", "debian", "--trick", "dangling-link")
        try rig.expectFailure(
            export(rig.makePackage("one-context.deb")), "its directory 'srv' is a symbolic link in the image")
        #expect(!FileManager.default.fileExists(atPath: rig.outside))
    }

    @Test(arguments: [
        ("parent", "one-context.deb", "climbs out of the archive"),
        ("file", "one-context.deb", "its file 'etc/network' is a directory in the image"),
        ("file", "one-context.rpm", "its file 'etc/network' is a directory in the image"),
    ]) func leavesNothingWhereAPackageCannotBePutIn(_ trick: String, _ name: String, _ part: String) throws {
        try rig.prepare("--distribution", name.hasSuffix("rpm") ? "fedora" : "debian")
        try rig.expectFailure(export(rig.makePackage(name, trick)), part)
    }

    @Test(arguments: ["deb", "rpm", "apk"]) func leavesNothingWhereAPackageIsDamaged(_ kind: String) throws {
        try rig.prepare("--distribution", ["deb": "debian", "rpm": "rocky", "apk": "alpine"][kind] ?? "")
        let package = try rig.makePackage("one-context." + kind)
        let bytes = try Data(contentsOf: URL(filePath: package))
        try bytes.dropLast(bytes.count / 3).write(to: URL(filePath: package))
        let name = package.split(separator: "/").last ?? ""
        try rig.expectFailure(export(package), "Cannot unpack '\(name)': ")
        try rig.expectFailure(
            export(url(package, sha256: String(repeating: "0", count: 64))), "its SHA256 is ")
        try rig.expectFailure(export(package + "#sha256=" + String(repeating: "a", count: 64)), "its SHA256 is ")
    }

    @Test(arguments: [
        ("one-context.deb", "is no absolute path and no URL"), ("https://h/one-context.deb", "has no SHA-256"),
        ("https://h/one-context.deb#sha256=12", "has no SHA-256 behind its #"),
        ("https://h/one-context.deb#md5=" + String(repeating: "a", count: 64), "has no SHA-256 behind its #"),
        ("/tmp/one-context.tar", "is no deb, rpm, apk or iso"),
        ("ftp://h/one-context.deb", "no absolute path and no URL"),
    ]) func refusesWhatIsNotWrittenAsItHasToBe(_ word: String, _ part: String) throws {
        try rig.prepare()
        try rig.expectFailure(export(word), part)
        let monitored = try rig.catalog.monitor(rig.server.url(""), ["CONTEXT_PACKAGES": word])
        #expect(monitored.status == .exited(1) && monitored.reasons.first?.contains(part) == true)
    }

    @Test(arguments: [
        ("/nonexistent/one-context.deb", "No such file"), ("/dev/zero.deb", "No such file"),
        ("DIRECTORY/folder.deb", "it is a directory"),
    ]) func refusesWhatIsNoFile(_ word: String, _ part: String) throws {
        try rig.prepare("--distribution", "debian")
        _ = try rig.catalog.directory.makeDirectory("folder.deb")
        try rig.expectFailure(export(word.replacing("DIRECTORY", with: rig.catalog.directory.path)), part)
    }

    @Test func fetchesThemAsItFetchesTheImage() throws {
        try rig.prepare("--distribution", "debian")
        let package = try url(rig.makePackage("one-context.deb"))
        let certificate = try Certificate()
        let secure = try Nginx(root: rig.catalog.served, certificate: certificate)
        let location = secure.url("/one-context.deb") + "#" + (package.split(separator: "#").last ?? "")
        try rig.expectFailure(export(location), "certificate")
        _ = try rig.image(export(location, ["CA_FILE": certificate.authorityFile]))
    }
}
