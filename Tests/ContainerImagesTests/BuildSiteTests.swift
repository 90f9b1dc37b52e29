import Posix
import Testing

@testable import ContainerImages

@Suite struct BuildSiteTests {
    @Test(arguments: [
        ("no-such-du -sk -- / | cut -f 1", "no-such-du"), ("exec no-such-tar --extract", "no-such-tar"),
        ("cd / && no-such-find; echo later >&2", "no-such-find"), ("ls /no/such/file", nil), ("echo sh: x >&2", nil),
    ]) func namesTheProgramThatTheShellDoesNotFind(_ script: String, _ missing: String?) throws {
        let result = try Command(["sh", "-c", script]).run()
        #expect(!result.errors.isEmpty && BuildSite.missingProgram(result.errors) == missing)
    }
}
