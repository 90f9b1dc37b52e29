import Foundation
import Glibc
import Posix
import TestSupport
import Testing

/// `install.sh` on OpenNebulas of its own: what it puts in place, and that nothing of it stays.
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
        #expect(try openNebula.text("var/remotes/market/http/import").contains("market-http-import"))
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
            $0 == "one_market" || $0.hasPrefix("market-") || $0.hasPrefix("datastore-")
        }
        #expect(executables.count > 1)
        for executable in executables {
            let lines = try run(["ldd", library + "/" + executable]).output.split(separator: "\n")
            let swift = lines.filter { line in ["libswift", "libdispatch", "Foundation"].contains { line.contains($0) }
            }
            #expect(!swift.isEmpty)
            #expect(swift.allSatisfy { $0.contains("=> \(library)/") }, "\(executable): \(swift)")
            #expect(!lines.contains { $0.contains("FoundationICU") || $0.contains("not found") })
        }
    }

    @Test func theMarkerOfStandardInputStays() throws {
        let openNebula = try OpenNebula()
        try openNebula.install()
        for launcher in try openNebula.launchers() where launcher != "lib/mads/one_market" {
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

    // MARK: Files that others change

    private static let configuration = "var/remotes/etc/market/market-drivers.conf"
    private static let changed = "SSH_CONNECT_TIMEOUT=\"20\"\n"

    @Test func changedConfigurationIsKeptOnDemand() throws {
        let openNebula = try OpenNebula()
        try openNebula.install()
        try openNebula.write(Self.configuration, Self.changed)
        let outcome = try openNebula.install(["-k"])
        #expect(outcome.output.contains("kept: \(openNebula.path(Self.configuration))"))
        #expect(try openNebula.text(Self.configuration) == Self.changed)
    }

    @Test func changedConfigurationIsSavedWhenItIsReplaced() throws {
        let openNebula = try OpenNebula()
        try openNebula.install()
        let installed = try openNebula.text(Self.configuration)
        try openNebula.write(Self.configuration, Self.changed)
        try openNebula.install()
        #expect(try openNebula.text(Self.configuration) == installed)
        #expect(
            try openNebula.text("lib/market-drivers/edited/remotes/etc/market/market-drivers.conf") == Self.changed)
    }

    @Test func changedConfigurationSurvivesRemoval() throws {
        let openNebula = try OpenNebula()
        try openNebula.install()
        try openNebula.write(Self.configuration, Self.changed)
        let outcome = try openNebula.remove()
        #expect(outcome.output.contains("kept, since it was changed: \(openNebula.path(Self.configuration))"))
        #expect(try openNebula.text(Self.configuration) == Self.changed)
    }

    @Test func aConfigurationOfAnotherOriginIsPutBack() throws {
        let openNebula = try OpenNebula()
        try FileManager.default.createDirectory(
            atPath: openNebula.path("var/remotes/etc/market"), withIntermediateDirectories: true)
        try openNebula.write(Self.configuration, Self.changed)
        try openNebula.install()
        try openNebula.remove()
        #expect(try openNebula.text(Self.configuration) == Self.changed)
    }

    /// An upgrade of OpenNebula brings its own drivers again.
    @Test func whatAnUpgradeBringsIsWhatComesBack() throws {
        let openNebula = try OpenNebula()
        let upgraded = "#!/bin/sh\necho a newer stock driver\n"
        try openNebula.install()
        try openNebula.write("var/remotes/market/http/import", upgraded)
        try openNebula.install()
        #expect(try openNebula.text("var/remotes/market/http/import").contains("market-http-import"))
        try openNebula.remove()
        #expect(try openNebula.text("var/remotes/market/http/import") == upgraded)

        try openNebula.install()
        try openNebula.write("var/remotes/market/http/import", "newer still\n")
        let outcome = try openNebula.remove()
        #expect(outcome.output.contains("left as it is"))
        #expect(try openNebula.text("var/remotes/market/http/import") == "newer still\n")
    }

    @Test func aChangedLauncherDoesNotBecomeTheBackup() throws {
        let openNebula = try OpenNebula()
        let stock = try openNebula.listing(directoryTimes: false)
        try openNebula.install()
        let launcher = try openNebula.text("var/remotes/market/http/import")
        try openNebula.write("var/remotes/market/http/import", "#!/bin/sh\nexport A=1\n" + launcher)
        let outcome = try openNebula.install()
        #expect(outcome.output.contains("the changed file is kept as"))
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

    // MARK: Refusals

    @Test(arguments: [
        (["-d", "/nonexistent"], "there is no directory /nonexistent"),
        (["-d", "/etc"], "no OpenNebula is there: /etc/var/remotes is missing"),
        (["-d"], "-d needs a value"),
        (["-x"], "unknown option -x"),
        (["-d", "HERE", "-u", "nobody-of-that-name"], "there is no such user"),
        (["-d", "HERE", "-g", "no-group-of-that-name"], "there is no such group"),
        (["-d", "HERE", "-b", "/nonexistent"], "-b: there is no directory /nonexistent"),
        (["-d", "HERE", "-b", "/etc"], "there is no executable /etc/"),
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

/// A self-contained OpenNebula with stand-ins for the stock drivers: odd contents and modes, a link, and files that
/// are none of the installer's business.
private final class OpenNebula {
    static let installer = Fixture.packageRoot.appending(path: "install.sh").path

    let directory: TemporaryDirectory
    let name: String

    init(name: String = "one") throws {
        directory = try TemporaryDirectory()
        self.name = name
        for folder in ["var/remotes/market/http", "var/remotes/tm/ssh", "var/remotes/datastore/fs", "lib/mads"] {
            _ = try directory.makeDirectory(name + "/" + folder)
        }
        let files: [(path: String, content: [UInt8], mode: Int)] = [
            ("var/remotes/VERSION", Array("7.0.0".utf8), 0o644),
            ("var/remotes/market/http/import", Array("#!/bin/bash\necho stock\n".utf8), 0o750),
            ("var/remotes/market/http/monitor", [], 0o600),
            ("var/remotes/market/http/README", Array("not a driver\n".utf8), 0o444),
            ("var/remotes/datastore/fs/export", [0, 0xFF, 0x0A, 0x0D, 0], 0o4711),
            ("var/remotes/datastore/fs/cp", Array("stock\n".utf8), 0o755),
            ("var/remotes/tm/ssh/clone", Array("stock\n".utf8), 0o755),
            ("lib/mads/one_market", Array("#!/bin/bash\nexec ruby one_market.rb\n".utf8), 0o755),
            ("lib/mads/one_market.rb", Array("# stock\n".utf8), 0o755),
        ]
        for file in files { try directory.write(name + "/" + file.path, file.content, mode: file.mode) }
        try FileManager.default.createSymbolicLink(
            atPath: path("var/remotes/market/http/delete"), withDestinationPath: "../nowhere/delete")
    }

    func path(_ relative: String) -> String { directory.path(name + "/" + relative) }

    func text(_ relative: String) throws -> String {
        try String(contentsOfFile: path(relative), encoding: .utf8)
    }

    func write(_ relative: String, _ text: String) throws {
        try text.write(toFile: path(relative), atomically: false, encoding: .utf8)
    }

    func status(_ relative: String) throws -> stat {
        var status = stat()
        try #require(lstat(path(relative), &status) == 0, "\(relative)")
        return status
    }

    @discardableResult
    func install(_ options: [String] = [], killedAtRename rename: Int? = nil) throws -> Outcome {
        try runInstaller(["-b", Programs.directory] + options, killedAtRename: rename)
    }

    @discardableResult
    func remove(killedAtRename rename: Int? = nil) throws -> Outcome {
        try runInstaller(["-r"], killedAtRename: rename)
    }

    /// How many files an install puts in place, those that it keeps a copy of included.
    func countRenames() throws -> Int {
        try install(killedAtRename: Int.max)
        try remove()
        return try Data(contentsOf: URL(filePath: directory.path("killer/calls"))).count
    }

    private func runInstaller(_ options: [String], killedAtRename rename: Int?) throws -> Outcome {
        var environment: [String: String] = [:]
        if let rename {
            let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
            environment["PATH"] = try killer(rename) + ":" + path
        }
        let outcome = try run([Self.installer, "-d", path("")] + options, environment: environment)
        let isKilled = rename.map { $0 < Int.max } ?? false
        #expect(outcome.status == (isKilled ? .signalled(SIGKILL) : .exited(0)), "\(outcome.errors)")
        if !isKilled { #expect(outcome.errors.isEmpty) }
        return outcome
    }

    /// A directory with an `mv` that, at the Nth call, kills its caller instead.
    private func killer(_ rename: Int) throws -> String {
        let folder = try directory.makeDirectory("killer")
        let script = """
            #!/bin/sh
            echo >> '\(folder)/calls'
            [ "$(wc -l < '\(folder)/calls')" -lt \(rename) ] || { kill -9 "$PPID"; exit; }
            exec /bin/mv "$@"

            """
        try directory.write("killer/calls", [])
        try directory.write("killer/mv", script.utf8, mode: 0o755)
        return folder
    }

    /// What install.sh has made run an executable of ours.
    func launchers() throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: path("")).sorted().filter { relative in
            guard !relative.hasPrefix("lib/market-drivers/"), let text = try? text(relative) else { return false }
            return text.contains("/lib/market-drivers/")
        }
    }

    private func contentHash(_ relative: String) throws -> Int {
        var hasher = Hasher()
        try Data(contentsOf: URL(filePath: path(relative))).withUnsafeBytes { hasher.combine(bytes: $0) }
        return hasher.finalize()
    }

    /// Each path with its type, mode, owner, time of change and content.
    func listing(directoryTimes: Bool = true) throws -> [String: String] {
        var listing: [String: String] = [:]
        for relative in try FileManager.default.subpathsOfDirectory(atPath: path("")) {
            let status = try status(relative)
            let isDirectory = status.st_mode & S_IFMT == S_IFDIR
            var line = "\(String(status.st_mode, radix: 8)) \(status.st_uid):\(status.st_gid)"
            if directoryTimes || !isDirectory { line += " \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)" }
            switch status.st_mode & S_IFMT {
            case S_IFLNK: line += " -> " + (try FileManager.default.destinationOfSymbolicLink(atPath: path(relative)))
            case S_IFREG: line += " \(try contentHash(relative))"
            default: break
            }
            listing[relative] = line
        }
        return listing
    }
}
