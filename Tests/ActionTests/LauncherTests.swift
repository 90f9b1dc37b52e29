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
}
