import Posix
import Testing

@testable import ContainerImages

@Suite struct BuildSiteTests {
    @Test(arguments: [
        ("no-such-du -sk -- / | cut -f 1", "no-such-du"), ("exec no-such-tar --extract", "no-such-tar"),
        ("cd / && no-such-find; echo later >&2", "no-such-find"), ("ls /no/such/file", nil), ("echo sh: x >&2", nil),
    ]) func namesTheProgramThatTheShellDoesNotFind(_ script: String, _ missing: String?) throws {
        // A directory of PATH that this user may not enter would be another error of the shell's.
        let result = try Command(["env", "-i", "PATH=/usr/bin:/bin", "sh", "-c", script]).run()
        #expect(!result.errors.isEmpty && BuildSite.missingProgram(result.errors) == missing)
    }
}
