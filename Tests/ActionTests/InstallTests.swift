import Foundation
import Glibc
import Posix
import TestSupport
import Testing

/// `install.sh` on OpenNebulas of its own: the files that it installs, and that a removal leaves none of them.
@Suite struct InstallTests {
    // MARK: In and out again

    @Test func aSecondRunChangesNothing() throws {
        let openNebula = try OpenNebula()
        try openNebula.install()
        let installed = try openNebula.listing()
        let outcome = try openNebula.install()
        #expect(outcome.output.contains("already installed"))
        #expect(try openNebula.listing() == installed)
    }

    @Test func removingRestoresEveryFileByteForByte() throws {
        let openNebula = try OpenNebula()
        let stock = try openNebula.listing(directoryTimes: false)
        try openNebula.install()
        #expect(try openNebula.text("var/remotes/market/http/import").contains("/market-drivers' market/http/import "))
        #expect(try openNebula.listing()["var/remotes/tm/ssh/clone"] == stock["var/remotes/tm/ssh/clone"])
        try openNebula.remove()
        #expect(try openNebula.listing(directoryTimes: false) == stock)
        #expect(try openNebula.remove().output.contains("not installed"))
    }

    @Test(arguments: ["with space", "quote's", #"dollar$HOME"#, #"all " ' $( ; & \ of:them"#, "ünï"])
    func anyDirectoryNameWorks(name: String) throws {
        let openNebula = try OpenNebula(name: name)
        let stock = try openNebula.listing(directoryTimes: false)
        try openNebula.install()
        for launcher in try openNebula.launchers() {
            let outcome = try run([openNebula.path(launcher), "--help"])
            #expect(outcome.status == .exited(0), "\(launcher): \(outcome.errors)")
            #expect(outcome.output.contains("usage:"), "\(launcher)")
        }
        try openNebula.remove()
        #expect(try openNebula.listing(directoryTimes: false) == stock)
    }

    @Test func theExecutablesNeedNoToolchain() throws {
        let openNebula = try OpenNebula()
        try openNebula.install()
        let library = openNebula.path("lib/market-drivers")
        let executables = try openNebula.directory.names(in: openNebula.name + "/lib/market-drivers").filter {
            !["manifest", "backup"].contains($0)
        }
        #expect(executables == ["market-drivers", "one_market"])
        let present = [
            "linux-vdso.so", "libc.so", "libm.so", "libstdc++.so", "libgcc_s.so", "libcrypto.so", "/lib64/ld-linux",
        ]
        for executable in executables {
            let lines = try run(["ldd", library + "/" + executable]).output.split(separator: "\n")
            let others = lines.filter { line in !present.contains { line.drop { $0 == "\t" }.hasPrefix($0) } }
            #expect(lines.count > 3 && others == [], "\(executable)")
        }
    }

    @Test func theMarkerOfStandardInputStays() throws {
        let openNebula = try OpenNebula()
        try openNebula.install()
        let withoutMessage = ["lib/mads/one_market", "var/remotes/datastore/downloader.sh"]
        for launcher in try openNebula.launchers() where !withoutMessage.contains(launcher) {
            #expect(try openNebula.text(launcher).hasSuffix("\" # message on stdin\n"))
        }
    }

    // MARK: Interrupted

    /// Killed before its first rename, in the middle, and around the last ones, which put the launchers in place.
    @Test func aKilledInstallCanBeRepeatedAndRemoved() throws {
        let openNebula = try OpenNebula()
        let stock = try openNebula.listing(directoryTimes: false)
        let renames = try openNebula.countRenames()
        for rename in [1, renames / 2, renames - 8, renames - 3, renames] {
            try openNebula.install(killedAtRename: rename)
            try openNebula.remove()
            #expect(try openNebula.listing(directoryTimes: false) == stock, "rename \(rename) of \(renames)")

            try openNebula.install(killedAtRename: rename)
            try openNebula.install()
            try openNebula.remove()
            #expect(try openNebula.listing(directoryTimes: false) == stock, "rename \(rename) of \(renames)")
        }
    }

    @Test(arguments: [1, 3])
    func aKilledRemovalCanBeRepeated(rename: Int) throws {
        let openNebula = try OpenNebula()
        let stock = try openNebula.listing(directoryTimes: false)
        try openNebula.install()
        try openNebula.remove(killedAtRename: rename)
        try openNebula.remove()
        #expect(try openNebula.listing(directoryTimes: false) == stock)
    }

    // MARK: Owners

    @Test(.enabled(if: getuid() == 0, "only root can give files away"))
    func theOwnerIsTheOneAskedFor() throws {
        let openNebula = try OpenNebula()
        let stock = try openNebula.listing(directoryTimes: false)
        try openNebula.install(["-u", "nobody", "-g", "daemon"])
        let nobody = try #require(getpwnam("nobody")).pointee.pw_uid
        let daemon = try #require(getgrnam("daemon")).pointee.gr_gid
        for path in try openNebula.launchers() + [
            "lib/market-drivers/one_market", "lib/market-drivers", "lib/market-drivers/manifest",
        ] {
            let status = try openNebula.status(path)
            #expect(status.st_uid == nobody && status.st_gid == daemon, "\(path)")
        }
        try openNebula.remove()
        #expect(try openNebula.listing(directoryTimes: false) == stock)
    }

    // MARK: Requirements

    /// The executables bind libcurl when they first need it: no program's list of libraries has it.
    @Test func aMissingLibcurlIsNamed() throws {
        let openNebula = try OpenNebula()
        let script = """
            #!/bin/sh
            [ "$LD_PRELOAD" != libcurl.so.4 ] || echo "$LD_PRELOAD cannot be preloaded" >&2

            """
        let outcome = try openNebula.install(with: "true", script, ["-b", Programs.directory])
        #expect(outcome.status == .exited(0), "\(outcome.errors)")
        #expect(outcome.output.contains("missing: libcurl.so.4 (apt: libcurl4; dnf: libcurl)\n"))
        #expect(!(try OpenNebula().install().output.contains("libcurl")))
    }

    /// Executables that were built on a newer system.
    @Test func librariesThatAreTooOldAreNamed() throws {
        let openNebula = try OpenNebula()
        let before = try openNebula.listing()
        let script = """
            #!/bin/sh
            echo "$1: /lib/libm.so.6: version \\`GLIBC_2.99' not found (required by $1)" >&2
            echo "	linux-vdso.so.1 (0x0)"

            """
        let outcome = try openNebula.install(with: "ldd", script, ["-b", Programs.directory])
        #expect(outcome.status == .exited(1))
        #expect(outcome.errors.contains("this system's libraries are older than GLIBC_2.99; build them on this system"))
        #expect(try openNebula.listing() == before)
    }

    /// A checkout that was copied with its build has a module cache that the compiler refuses.
    @Test func aModuleCacheOfAnotherDirectoryIsBuiltAnew() throws {
        let openNebula = try OpenNebula()
        let checkout = try openNebula.directory.makeDirectory("checkout")
        let source = Fixture.packageRoot
        for name in ["install.sh", "packaging", "remotes"] {
            try FileManager.default.copyItem(atPath: source.appending(path: name).path, toPath: checkout + "/" + name)
        }
        let cache = try openNebula.directory.makeDirectory("checkout/.build/machine/release/ModuleCache")
        let script = """
            #!/bin/sh
            [ ! -e .build/machine/release/ModuleCache ] || { echo "missing required module 'SwiftShims'"; exit 1; }
            ln -s "$PROGRAMS" .build/release

            """
        let outcome = try openNebula.install(with: "swift", script, installer: checkout + "/install.sh")
        #expect(outcome.status == .exited(0), "\(outcome.errors)")
        #expect(outcome.output.contains("building again without its module cache"))
        #expect(!FileManager.default.fileExists(atPath: cache))
    }

    // MARK: Refusals

    @Test(arguments: [
        (["-d", "/nonexistent"], "there is no directory /nonexistent"),
        (["-d", "/etc"], "OpenNebula is not installed: /etc/var/remotes is missing"),
        (["-d"], "-d needs a value"),
        (["-x"], "unknown option -x"),
        (["-d", "HERE", "-u", "nobody-of-that-name"], "there is no such user"),
        (["-d", "HERE", "-g", "no-group-of-that-name"], "there is no such group"),
        (["-d", "HERE", "-b", "/nonexistent"], "-b: there is no directory /nonexistent"),
        (["-d", "HERE", "-b", "/etc"], "there is no executable /etc/"),
        (["--archive", "/nonexistent/a.tar.gz"], "there is no directory /nonexistent"),
        (["--archive", "/tmp/a.zip"], "the name of the file must end in .tar.gz, .tgz or .tar.zst: /tmp/a.zip"),
        (["--archive", "-d", "HERE"], "--archive installs nothing: -d, -u, -g and -k do not go with it"),
        (["--deb", "-k"], "--deb installs nothing: -d, -u, -g and -k do not go with it"),
        (["--rpm", "-u", "nobody"], "--rpm installs nothing: -d, -u, -g and -k do not go with it"),
        (["--deb", "-b", "/etc"], "there is no executable /etc/"),
    ])
    func mistakesAreOneLineAndChangeNothing(arguments: [String], reason: String) throws {
        let openNebula = try OpenNebula()
        let before = try openNebula.listing()
        let outcome = try run(
            [OpenNebula.installer] + arguments.map { $0 == "HERE" ? openNebula.path("") : $0 })
        #expect(outcome.status == .exited(1))
        #expect(outcome.errors.hasPrefix("install.sh: "))
        #expect(outcome.errors.split(separator: "\n").count == 1)
        #expect(outcome.errors.contains(reason), "\(outcome.errors)")
        #expect(try openNebula.listing() == before)
    }

    /// one_market would not find the marker behind such a path.
    @Test func aDirectoryNameThatIsTooLongIsRefused() throws {
        let openNebula = try OpenNebula(
            name: [String](repeating: String(repeating: "a", count: 200), count: 3).joined(separator: "/"))
        let before = try openNebula.listing()
        let outcome = try run([OpenNebula.installer, "-d", openNebula.path(""), "-b", Programs.directory])
        #expect(outcome.status == .exited(1))
        #expect(outcome.errors.contains("the name of the directory is too long"))
        #expect(try openNebula.listing() == before)
    }

    @Test func aDirectoryInTheWayIsFoundBeforeAnythingChanges() throws {
        let openNebula = try OpenNebula()
        try FileManager.default.createDirectory(
            atPath: openNebula.path("var/remotes/market/http/export"), withIntermediateDirectories: true)
        let before = try openNebula.listing()
        let outcome = try run([OpenNebula.installer, "-d", openNebula.path(""), "-b", Programs.directory])
        #expect(outcome.status == .exited(1))
        #expect(outcome.errors.contains("market/http/export is a directory"))
        #expect(try openNebula.listing() == before)
    }
}
