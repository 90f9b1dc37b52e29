import DriverProtocol
import TestSupport
import Testing

@Suite struct SettingsTests {
    private func settings(_ text: String) throws -> Settings {
        let directory = try TemporaryDirectory()
        return try Settings(file: try directory.write("market-drivers.conf", text.utf8))
    }

    @Test func aMissingFileLeavesTheDefaults() throws {
        let settings = try Settings(file: try TemporaryDirectory().path("none/such"))
        #expect(settings == Settings())
        #expect(settings.sshConfiguration == nil)
        #expect(settings.sshConnectTimeout == 10)
        #expect(settings.stagingDirectory == "/var/tmp")
        #expect(settings.cephTimeout == 120)
    }

    @Test func aGoodFileIsApplied() throws {
        let settings = try settings(
            "# ours\nSSH_CONFIG=\"/a b\"\nssh_connect_timeout = 3600\nSTAGING_DIR=\"/c\"\nCEPH_TIMEOUT=7\n")
        #expect(settings.sshConfiguration == "/a b")
        #expect(settings.sshConnectTimeout == 3600)
        #expect(settings.stagingDirectory == "/c")
        #expect(settings.cephTimeout == 7)
        #expect(try self.settings("SSH_CONFIG=\"\"\nSTAGING_DIR=\"\"\n") == Settings())
    }

    @Test func whatContainersGetIsKeptAsItIsWritten() throws {
        let context = try settings(
            "BUILD_MODE=\"files\"\nCONTEXT=\"no\"\nCONTEXT_PACKAGES=\"/a.deb /b.deb\"\nCONTEXT_URL=\"http://h\"\n"
        )
        .context
        #expect(
            context == [
                "BUILD_MODE": "files", "CONTEXT": "no", "CONTEXT_PACKAGES": "/a.deb /b.deb", "CONTEXT_URL": "http://h",
            ])
        #expect(Set(context.keys).isSubset(of: Settings.names))
    }

    @Test(arguments: [
        ("SSH_CONFG=\"/a\"", "SSH_CONFG is not a setting"), ("STAGING_DIR=[A=\"b\"]", "STAGING_DIR is a list"),
        ("SSH_CONNECT_TIMEOUT=\"0\"", "SSH_CONNECT_TIMEOUT=0 is not"), ("SSH_CONNECT_TIMEOUT=3601", "from 1 to 3600"),
        ("SSH_CONNECT_TIMEOUT=\"1m\"", "SSH_CONNECT_TIMEOUT=1m"), ("\nexport A", "in line 2"),
        ("CEPH_TIMEOUT=0", "CEPH_TIMEOUT=0 is not a number of seconds"),
        ("STAGING_DIR=tmp", "STAGING_DIR=tmp is no absolute path"),
    ])
    func aBadFileIsAnErrorThatNamesIt(_ text: String, _ cause: String) throws {
        let error = try #require(throws: DriverError.self) { _ = try settings(text) }
        #expect(error.cause.contains(cause))
        #expect(error.object.hasSuffix("/market-drivers.conf"))
        #expect(faultOfLine(error.description) == nil)
    }

    @Test func whatCannotBeReadIsAnError() throws {
        let directory = try TemporaryDirectory()
        let error = try #require(throws: DriverError.self) { _ = try Settings(file: directory.path) }
        #expect(error.description.contains("Is a directory"))
    }
}
