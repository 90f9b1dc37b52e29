import Foundation
import Glibc
import Posix
import TestSupport
import Testing

/// A self-contained OpenNebula with stand-ins for the stock drivers: odd contents and modes, a link, and files that
/// are none of the installer's business.
final class OpenNebula {
    static let installer = Fixture.packageRoot.appending(path: "install.sh").path
    private static let searchPath = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"

    let directory: TemporaryDirectory
    let name: String

    init(name: String = "one") throws {
        directory = try TemporaryDirectory()
        self.name = name
        for folder in ["var/remotes/market/http", "var/remotes/tm/ssh", "var/remotes/datastore/fs", "lib/mads"] {
            _ = try directory.makeDirectory(name + "/" + folder)
        }
        let files: [(path: String, content: [UInt8], mode: mode_t)] = [
            ("var/remotes/VERSION", Array("7.0.0".utf8), 0o644),
            ("var/remotes/market/http/import", Array("#!/bin/bash\necho stock\n".utf8), 0o750),
            ("var/remotes/market/http/monitor", [], 0o600),
            ("var/remotes/market/http/README", Array("not a driver\n".utf8), 0o444),
            ("var/remotes/datastore/fs/export", [0, 0xFF, 0x0A, 0x0D, 0], 0o4711),
            ("var/remotes/datastore/fs/cp", Array("stock\n".utf8), 0o755),
            ("var/remotes/datastore/downloader.sh", Array("stock\n".utf8), 0o755),
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
        // A killed one leaves its temporary directory.
        let environment =
            try rename.map { rename in
                ["PATH": try killer(rename) + ":" + Self.searchPath, "TMPDIR": directory.path("killer")]
            } ?? [:]
        let outcome = try run([Self.installer, "-d", path("")] + options, environment: environment)
        let isKilled = rename.map { $0 < Int.max } ?? false
        #expect(outcome.status == (isKilled ? .signalled(SIGKILL) : .exited(0)), "\(outcome.errors)")
        if !isKilled { #expect(outcome.errors.isEmpty) }
        return outcome
    }

    /// Runs `installer` with a stand-in for the program `name`.
    func install(
        with name: String, _ script: String, installer: String = OpenNebula.installer, _ options: [String] = []
    ) throws -> Outcome {
        let folder = try directory.makeDirectory("stand-ins")
        try directory.write("stand-ins/" + name, script.utf8, mode: 0o755)
        let environment = ["PATH": folder + ":" + Self.searchPath, "PROGRAMS": Programs.directory]
        return try run([installer, "-d", path("")] + options, environment: environment)
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

    /// Returns the launchers that install.sh has made run an executable of ours.
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
