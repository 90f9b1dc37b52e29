import DriverProtocol
import Foundation
import TestSupport
import Testing

/// OpenNebula's packages from a release, a mirror or an ISO.
@Suite struct ContextReleaseTests {
    private static let page = "served/repos/OpenNebula/one-apps/releases/"
    private static let settings = "BUILD_MODE=\"files\"\n"
    private let rig: ContainerRig

    init() throws {
        rig = try ContainerRig(settings: Self.settings)
    }

    private var url: String { rig.server.url("/repos/OpenNebula/one-apps/releases") }
    private var directory: TemporaryDirectory { rig.catalog.directory }

    private func export(_ attributes: KeyValuePairs<String, String?>) throws -> Outcome {
        try rig.export(rig.message(attributes))
    }

    private func expectNoService(_ image: String) throws {
        #expect(try rig.debug(image, "stat /etc/systemd/system/multi-user.target.wants") == "")
    }

    /// Expects a contextualized image, and removes it.
    private func expectServices(_ outcome: Outcome) throws {
        let image = try rig.image(outcome)
        try rig.expectContainer(image)
        #expect(
            try rig.debug(image, "stat /etc/systemd/system/multi-user.target.wants/one-context.service")
                .contains("symlink"), "\(outcome.errors)")
        try FileManager.default.removeItem(atPath: image)
    }

    /// A file of a release as GitHub's API tells of it.
    private func asset(_ name: String, digest: String?) -> String {
        let digest = digest.map { "\"sha256:\($0)\"" } ?? "null"
        let url = rig.server.url("/files/\(name)")
        return "{\"name\":\"\(name)\",\"browser_download_url\":\"\(url)\",\"digest\":\(digest),\"size\":1}"
    }

    private func write(page: String, tag: String, _ assets: [String]) throws {
        _ = try directory.makeDirectory(Self.page + "tags")
        try directory.write(
            Self.page + page, "{\"tag_name\":\"\(tag)\",\"assets\":[\(assets.joined(separator: ","))]}".utf8)
    }

    /// Makes a release for Rocky Linux 9, of which no other file can be had. Returns the package's path.
    @discardableResult
    private func makeRelease(
        _ page: String = "latest", version: String = "7.2.1-0", digest: (String) throws -> String? = { $0 }
    ) throws -> String {
        _ = try directory.makeDirectory("served/files")
        let name = "one-context-\(version).el9.noarch.rpm"
        let path = try rig.makePackage("files/" + name)
        let tag = "v" + (version.split(separator: "-").first ?? "")
        let others = ["amzn2023", "el10", "el8", "fc", "suse"].map { "one-context-\(version).\($0).noarch.rpm" }
        let assets = [
            asset("one-context_\(version).deb", digest: nil), asset("one-context-linux-\(version).iso", digest: nil),
        ]
        try write(
            page: page, tag: tag,
            assets + others.map { asset($0, digest: nil) } + [asset(name, digest: digest(TestFiles.sha256(path)))])
        return path
    }

    @Test func takesTheNewestRelease() throws {
        try rig.prepare("--distribution", "rocky")
        try makeRelease()
        let outcome = try export(["CONTEXT_URL": url, "CONTEXT_EXTRA_PACKAGES": "vim nano"])
        try expectServices(outcome)
        #expect(outcome.errors.contains("one-context-7.2.1-0.el9.noarch.rpm is for rocky"), "\(outcome.errors)")
        #expect(outcome.warnings.count == 1 && outcome.warnings.first?.hasSuffix("virt-what vim nano") == true)
    }

    @Test(arguments: [("tags/v7.2.1", "7.2.1"), ("tags/v7.2.1", "v7.2.1-0"), ("tags/v7.2.1-0", "7.2.1-0")])
    func takesTheReleaseThatIsAskedFor(_ page: String, _ version: String) throws {
        try rig.prepare("--distribution", "rocky")
        try write(page: "latest", tag: "v9", [asset("one-context-9-0.el9.noarch.rpm", digest: nil)])
        try makeRelease(page)
        try expectServices(export(["CONTEXT_URL": url, "CONTEXT_VERSION": version]))
    }

    @Test func keepsWhatItHasFetched() throws {
        try rig.prepare("--distribution", "rocky")
        let package = try makeRelease()
        let digest = try TestFiles.sha256(package)
        try expectServices(export(["CONTEXT_URL": url]))
        let kept = try directory.names(in: "var/market-drivers/context")
        #expect(kept.count == 2 && kept.contains(digest))
        // Neither the page nor the package is asked for again.
        let content = try Data(contentsOf: URL(filePath: package))
        try FileManager.default.removeItem(atPath: package)
        let pagePath = directory.path(Self.page + "latest")
        try FileManager.default.removeItem(atPath: pagePath)
        try expectServices(export(["CONTEXT_URL": url]))
        // A package that has been damaged is.
        try directory.write("var/market-drivers/context/" + digest, "damaged".utf8)
        try content.write(to: URL(filePath: package))
        let again = try export(["CONTEXT_URL": url])
        try expectServices(again)
        #expect(again.warnings.contains { $0.contains("it is fetched again: ") })
        #expect(try TestFiles.sha256(directory.path("var/market-drivers/context/" + digest)) == digest)
        // An old page is better than none.
        let page = try #require(kept.first { $0 != digest })
        let old = directory.path("var/market-drivers/context/" + page)
        try TestFiles.succeed(["touch", "-d", "2 hours ago", old])
        let later = try export(["CONTEXT_URL": url])
        try expectServices(later)
        #expect(later.warnings.contains { $0.contains("the release v7.2.1 is used, as it was last known: ") })
        try TestFiles.succeed(["rm", old])
        try rig.expectFailure(
            export(["CONTEXT_URL": url]),
            "Cannot find OpenNebula's context packages at '\(url)/latest': HTTP 404")
    }

    @Test(arguments: [
        ("{}", "it is no release"), ("[1]", "it is no release"), ("<html>", "a value was expected"),
        ("{\"tag_name\":\"v1\"}", "has no packages of OpenNebula"),
        (release(of: "../one-context-1-0.el9.rpm", at: "http://h/x"), "has no packages"),
        (release(of: "one-context-1-0.el9.rpm", at: "file:///x"), "has no packages"),
    ]) func namesThePageThatIsNoRelease(_ text: String, _ part: String) throws {
        try rig.prepare("--distribution", "rocky")
        _ = try directory.makeDirectory(Self.page)
        try directory.write(Self.page + "latest", text.utf8)
        let outcome = try export(["CONTEXT_URL": url])
        try rig.expectFailure(outcome, part)
        #expect(outcome.reasons.first?.contains("CONTEXT_PACKAGES to files or an ISO, or CONTEXT = \"NO\"") == true)
    }

    private static func release(of name: String, at url: String) -> String {
        "{\"tag_name\":\"v1\",\"assets\":[{\"name\":\"\(name)\",\"browser_download_url\":\"\(url)\"}]}"
    }

    @Test func refusesAnotherFileThanTheReleaseHas() throws {
        try rig.prepare("--distribution", "rocky")
        try makeRelease { _ in String(repeating: "a", count: 64) }
        try rig.expectFailure(export(["CONTEXT_URL": url]), "its SHA256 is ")
        #expect(try directory.names(in: "var/market-drivers/context").count == 1)
    }

    @Test func takesOnlyWhatTheMarketplaceVouchesFor() throws {
        try rig.prepare("--distribution", "rocky")
        let digest = try TestFiles.sha256(makeRelease())
        let other = String(repeating: "a", count: 64)
        try expectServices(export(["CONTEXT_URL": url, "CONTEXT_SHA256": "\(other) \(digest.uppercased())"]))
        try rig.expectFailure(
            export(["CONTEXT_URL": url, "CONTEXT_SHA256": other]), "is \(digest), which is not among CONTEXT_SHA256")
        try rig.expectFailure(export(["CONTEXT_URL": url, "CONTEXT_SHA256": "12"]), "'12' is no SHA-256 checksum")
    }

    @Test func namesTheReleaseWithoutAPackageForTheImage() throws {
        try rig.prepare("--distribution", "suse")
        try write(page: "latest", tag: "v7.2.1", [asset("one-context_7.2.1-0.deb", digest: nil)])
        try rig.expectFailure(
            export(["CONTEXT_URL": url]), "none of the packages of the release v7.2.1 fits opensuse-leap")
    }

    @Test func takesTheNextBestOfAMirror() throws {
        try rig.prepare("--distribution", "fedora")
        _ = try directory.makeDirectory("served/mirror/v7.2.1-0")
        let mirror = rig.server.url("/mirror/v7.2.1-0")
        let missing = "it has no one-context-7.2.1-0.fc.noarch.rpm, no one-context-7.2.1-0.el9.noarch.rpm, "
        try rig.expectFailure(export(["CONTEXT_URL": mirror]), missing)
        let package = try rig.makePackage("mirror/v7.2.1-0/one-context-7.2.1-0.el9.noarch.rpm")
        let outcome = try export(["CONTEXT_URL": mirror])
        try expectServices(outcome)
        #expect(outcome.warnings.contains { $0.contains("CONTEXT_SHA256 is not set") })
        let digest = try TestFiles.sha256(package)
        let verified = try export(["CONTEXT_URL": mirror, "CONTEXT_SHA256": digest])
        try expectServices(verified)
        #expect(verified.warnings.count == 1)
        let (first, second) = (String(repeating: "a", count: 64), String(repeating: "b", count: 64))
        for digests in [first, "\(first) \(second)"] {
            try rig.expectFailure(
                export(["CONTEXT_URL": mirror, "CONTEXT_SHA256": digests]), "its SHA256 is \(digest)")
        }
    }

    /// An ISO of packages for all, of which only the one for Rocky Linux 9 is a package.
    private func makeDisc(_ name: String) throws -> String {
        _ = try directory.makeDirectory("served/disc")
        _ = try rig.makePackage("disc/one-context-7.2.1-0.el9.noarch.rpm")
        for other in ["one-context_7.2.1-0.deb", "one-context-7.2.1-0.el8.noarch.rpm", "one-context-7.2.1.msi"] {
            try directory.write("served/disc/" + other, "x".utf8)
        }
        let path = directory.path(name)
        try TestFiles.succeed(
            ["genisoimage", "-quiet", "-J", "-R", "-o", path, directory.path("served/disc")])
        return path
    }

    /// A PATH without that program.
    private func pathWithout(_ program: String) throws -> String {
        let path = try directory.makeDirectory("bin")
        for folder in ["/usr/bin", "/usr/sbin", "/bin", "/sbin"] {
            for name in try FileManager.default.contentsOfDirectory(atPath: folder) where name != program {
                try? FileManager.default.createSymbolicLink(
                    atPath: path + "/" + name, withDestinationPath: folder + "/" + name)
            }
        }
        return path
    }

    @Test(arguments: ["xorriso", "bsdtar"]) func takesThePackageFromAnISO(_ missing: String) throws {
        try rig.prepare("--distribution", "rocky")
        // The name that an image has in a datastore.
        let disc = try makeDisc("7d3f")
        let message = try rig.message(["CONTEXT_PACKAGES": disc])
        let path = try ["PATH": pathWithout(missing)]
        try expectServices(rig.catalog.act("export", message, environment: path))
        try expectServices(
            rig.catalog.act(
                "export",
                message.with("MARKETPLACE/TEMPLATE/CONTEXT_PACKAGES", disc + "#sha256=" + TestFiles.sha256(disc)),
                environment: path))
        try rig.expectFailure(
            rig.catalog.act(
                "export", message.with("MARKETPLACE/TEMPLATE/CONTEXT_SHA256", String(repeating: "a", count: 64)),
                environment: path), "its SHA256 is ")
    }

    @Test func fetchesAnISO() throws {
        try rig.prepare("--distribution", "rocky")
        let disc = try makeDisc("served/context.iso")
        let url = try rig.server.url("/context.iso") + "#sha256=" + TestFiles.sha256(disc)
        try expectServices(export(["CONTEXT_PACKAGES": url]))
        try rig.prepare("--distribution", "alpine")
        try rig.expectFailure(export(["CONTEXT_PACKAGES": url]), "none of the CONTEXT_PACKAGES fits alpine")
    }

    @Test func refusesWhatIsNoISO() throws {
        try rig.prepare("--distribution", "rocky")
        try directory.write("7d3f", "x".utf8)
        try rig.expectFailure(
            export(["CONTEXT_PACKAGES": directory.path("7d3f")]), "7d3f': it is no ISO; name an ISO, or a file that")
    }

    @Test func theSettingsHoldForImagesWithoutAMarketplace() throws {
        try rig.prepare("--distribution", "rocky")
        try makeRelease()
        try rig.catalog.set("STAGING_DIR=\"\(rig.staging)\"\nCONTEXT_URL=\"\(url)\"\n" + Self.settings)
        try expectServices(export([:]))
        let outcome = try export(["CONTEXT": "no"])
        try expectNoService(rig.image(outcome))
        #expect(outcome.warnings.isEmpty)
    }

    /// A front-end without access to the Internet, and a marketplace that says nothing of the packages.
    @Test func saysWhatToDoWhereTheNewestReleaseCannotBeHad() throws {
        try rig.prepare("--distribution", "rocky")
        try rig.catalog.set("STAGING_DIR=\"\(rig.staging)\"\n")
        let outcome = try rig.catalog.act(
            "export", rig.message(),
            environment: ["https_proxy": "http://127.0.0.1:1", "no_proxy": "127.0.0.1"])
        try rig.expectFailure(outcome, "'https://api.github.com/repos/OpenNebula/one-apps/releases/latest': ")
        #expect(
            outcome.reasons.first?.hasSuffix(
                "set CONTEXT_URL to a mirror, CONTEXT_PACKAGES to files or an ISO, or CONTEXT = \"NO\"") == true)
    }

    /// Without the packages that it needs an image is made only for those who ask for that.
    @Test func refusesAnImageWithoutWhatItsPackagesNeed() throws {
        try rig.prepare("--distribution", "rocky")
        try makeRelease()
        try rig.expectFailure(
            export(["CONTEXT_URL": url, "BUILD_MODE": "auto"]), ", or set BUILD_MODE to files to do without them")
    }
}
