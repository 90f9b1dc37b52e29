import DriverProtocol
import Glibc
import ImageTransfer
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

    /// In a process of its own: what ends a build's processes takes all children.
    @Test func endsAProgramThatHangs() async {
        await #expect(processExitsWith: .success) {
            let image = try ContainerImage(
                source: "lxd://https://host/rootfs.tar.xz?size=2048&filesystem=ext4&format=raw")
            var path = ""
            do {
                let directory = try WorkDirectory(in: "/tmp")
                path = directory.path
                var site = BuildSite(directory: directory, image: image, log: Log(action: "", id: "") { _ in })
                site.timeout = 1
                let started = Clock.now
                #expect(throws: DriverError.self) {
                    try site.run(["sh", "-c", "trap '' TERM; sleep 300"], package: "dash")
                }
                #expect(Clock.now - started < 60)
            }
            #expect(!path.isEmpty && access(path, F_OK) != 0)
        }
    }
}
