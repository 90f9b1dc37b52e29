import Foundation
import TestSupport
import Testing

/// The programs that oned runs: each launcher under remotes/, and its action.
@Suite struct LauncherTests {
    private static let remotes = Fixture.packageRoot.appending(path: "remotes").path

    /// `market/http/import`, for every one there is.
    static let names: [String] = {
        let paths = FileManager.default.enumerator(atPath: remotes)?.compactMap { $0 as? String } ?? []
        return paths.filter { path in
            let parts = path.split(separator: "/")
            return parts.count == 3 && parts[0] != "etc"
        }.sorted()
    }()

    /// A launcher's second line.
    static func command(_ name: String) -> String {
        "exec \"${0%/*}/../../../.build/release/market-drivers\" \(name) \"$@\" # message on stdin"
    }

    @Test func allOfThemAreFound() {
        #expect(Self.names.count >= 17 && Self.names.contains("datastore/fs/export"))
    }

    @Test func theDownloaderHasTheNameOfTheScriptThatItReplaces() throws {
        let launcher = Self.remotes + "/datastore/downloader.sh"
        let command = "exec \"${0%/*}/../../.build/release/market-drivers\" datastore/downloader.sh \"$@\""
        #expect(try String(contentsOfFile: launcher, encoding: .utf8) == "#!/bin/sh\n\(command)\n")
        #expect(FileManager.default.isExecutableFile(atPath: launcher))
    }

    /// The name stands in errors and in the log, and an import is recognised by it.
    @Test(arguments: names) func leadsToTheActionOfItsName(_ name: String) throws {
        let launcher = Self.remotes + "/" + name
        #expect(try String(contentsOfFile: launcher, encoding: .utf8) == "#!/bin/sh\n\(Self.command(name))\n")
        #expect(FileManager.default.isExecutableFile(atPath: launcher))
        let help = try TestFiles.succeed([Programs.path("market-drivers"), name, "--help"]).output
        #expect(help.hasPrefix("\(name): "), "its action calls itself otherwise: \(help)")
    }

    /// Each of them is in the list, and whoever names none is told of it.
    @Test func theExecutableListsItsActions() throws {
        let program = Programs.path("market-drivers")
        let help = try TestFiles.succeed([program, "--help"]).output
        let listed = help.split(separator: "\n").filter { $0.hasPrefix("  ") && $0.contains(": ") }
            .map { String($0.drop { $0 == " " }.prefix { $0 != ":" }) }
        #expect(listed == (Self.names + ["datastore/downloader.sh"]).sorted())
        for arguments in [[], ["market/http/imports"], [""]] {
            expectRefusal(try run([program] + arguments), ["market-drivers", "--help"])
        }
    }

    // MARK: Installed

    /// What `install.sh` makes of them is what one_market knows how to run without sh.
    @Test func anInstalledOneNamesItsProgramAndNoMore() throws {
        let openNebula = try OpenNebula()
        try openNebula.install()
        let program = openNebula.path("lib/market-drivers/market-drivers")
        for name in Self.names {
            let launcher = "#!/bin/sh\nexec '\(program)' \(name) \"$@\" # message on stdin\n"
            #expect(try openNebula.text("var/remotes/" + name) == launcher)
        }
    }

    /// An administrator's own script in place of one is run as ever.
    @Test func theDriverManagerNeedsNoShellForThem() throws {
        let openNebula = try OpenNebula(name: ".")
        try openNebula.install()
        let program = openNebula.directory.path("lib/market-drivers/market-drivers")
        let mine = "var/remotes/market/http/delete"
        try openNebula.write(mine, openNebula.text(mine).replacingOccurrences(of: "exec", with: "# mine\nexec"))
        let trace = openNebula.directory.path("trace")
        let rig = try OneMarketRig(
            through: ["strace", "-f", "-qq", "-s", "4096", "-o", trace, "-e", "trace=execve"], in: openNebula.directory)
        for verb in ["MONITOR", "IMPORT", "DELETE"] {
            try rig.send(verb, 7, OneMarketRig.message())
            #expect(try rig.answer().hasPrefix("\(verb) "))
        }
        try rig.send("FINALIZE")
        #expect(try rig.end() == .exited(0))
        let calls = try openNebula.text("trace").split(separator: "\n").filter { $0.contains("execve(") }
        let words = calls.dropFirst().map { call in
            call.split(separator: "[")[1].prefix { $0 != "]" }.replacingOccurrences(of: "\"", with: "")
        }
        #expect(
            words == [
                "\(program), market/http/monitor, 7", "\(program), datastore/fs/export, 7",
                "\(openNebula.directory.path(mine)), 7", "\(program), market/http/delete, 7",
            ])
    }
}
