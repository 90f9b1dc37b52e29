import Foundation
import TestSupport
import Testing

/// Servers of packages that sign what they have, with keys that the image names by links of its own.
@Suite(.serialized) struct RepositoryKeyTests {
    typealias Builder = InstallationRig.Builder

    /// Makes a key in $1, and its files `key.gpg` and `key.asc` there.
    private static let makeKey = """
        set -e
        export GNUPGHOME="$1"
        gpg --quiet --batch --passphrase '' --quick-generate-key 'x <x@example.com>' rsa2048 default never
        gpg --quiet --export >"$1/key.gpg"
        gpg --quiet --armor --export >"$1/key.asc"
        gpgconf --kill all
        """
    private static let signDebian = """
        set -e
        export GNUPGHOME="$1"
        gpg --quiet --batch --clearsign --output "$2/debian/InRelease" "$2/debian/Release"
        rm "$2/debian/Release"
        gpgconf --kill all
        """
    private static let signRPMs = """
        set -e
        export GNUPGHOME="$1"
        rpmsign --define '_gpg_name x' --define '__gpg /usr/bin/gpg' --addsign "$2"/rpm/*.rpm >&2
        createrepo_c --quiet "$2/rpm"
        gpgconf --kill all
        """

    private func key(_ name: String, _ keys: TemporaryDirectory) -> [UInt8] {
        [UInt8](FileManager.default.contents(atPath: keys.path(name)) ?? Data())
    }

    private func makeKeys() throws -> TemporaryDirectory {
        let keys = try TemporaryDirectory()
        try TestFiles.succeed(["sh", "-c", Self.makeKey, "sh", keys.path])
        return keys
    }

    @Test(arguments: [Builder.user, .alone], ["/usr/share/own/key.gpg", "/nowhere"])
    func aptTakesTheKeysOfTheImage(_ builder: Builder, _ target: String) throws {
        let keys = try makeKeys()
        let list = "deb [signed-by=/etc/keys/other.gpg,/etc/keys/own.gpg] http://packages.invalid/debian ./\n"
        let rig = try InstallationRig(
            changes: [
                "etc/apt/sources.list": Array(list.utf8), "usr/share/own/key.gpg": key("key.gpg", keys),
                "etc/keys/other.gpg": key("key.gpg", try makeKeys()),
            ], links: ["etc/keys/own.gpg": target])
        try TestFiles.succeed(["sh", "-c", Self.signDebian, "sh", keys.path, rig.container.catalog.served])
        let outcome = try rig.export(builder, rig.message())
        guard target.hasSuffix("gpg") else {
            return try rig.container.expectFailure(outcome, "the package lists")
        }
        let image = try rig.container.image(outcome, size: 512)
        #expect(outcome.errors.contains(builder.way))
        #expect(try rig.container.debug(image, "ls -p /usr/share").contains("/tool-base/"))
    }

    @Test(arguments: ["/usr/share/own/key.asc", "/nowhere"]) func dnfTakesTheKeysOfTheImage(_ target: String) throws {
        let keys = try makeKeys()
        let list = """
            [main-repo]
            name=main
            baseurl=http://packages.invalid/rpm
            gpgcheck=1
            gpgkey=file:///etc/pki/rpm-gpg/KEY

            """
        let rig = try InstallationRig(
            .rocky,
            changes: [
                "etc/yum.repos.d/main.repo": Array(list.utf8), "usr/share/own/key.asc": key("key.asc", keys),
            ], links: ["etc/pki/rpm-gpg/KEY": target])
        try TestFiles.succeed(["sh", "-c", Self.signRPMs, "sh", keys.path, rig.container.catalog.served])
        let outcome = try rig.export(.alone, rig.message(size: 1024))
        guard target.hasSuffix("asc") else { return try rig.container.expectFailure(outcome, "KEY") }
        let image = try rig.container.image(outcome, size: 1024)
        #expect(try rig.container.debug(image, "ls -p /usr/share").contains("/tool-base/"))
    }
}
