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
        let executable = name.replacing("/", with: "-")
        return "exec \"${0%/*}/../../../.build/release/\(executable)\" \"$@\" # message on stdin"
    }

    @Test func allOfThemAreFound() {
        #expect(Self.names.count >= 17 && Self.names.contains("datastore/fs/export"))
    }

    @Test func theDownloaderHasTheNameOfTheScriptThatItReplaces() throws {
        let launcher = Self.remotes + "/datastore/downloader.sh"
        let command = "exec \"${0%/*}/../../.build/release/datastore-downloader\" \"$@\""
        #expect(try String(contentsOfFile: launcher, encoding: .utf8) == "#!/bin/sh\n\(command)\n")
        #expect(FileManager.default.isExecutableFile(atPath: launcher))
    }

    /// The name stands in errors and in the log, and an import is recognised by it.
    @Test(arguments: names) func leadsToTheActionOfItsName(_ name: String) throws {
        let executable = name.replacing("/", with: "-")
        let launcher = Self.remotes + "/" + name
        #expect(try String(contentsOfFile: launcher, encoding: .utf8) == "#!/bin/sh\n\(Self.command(name))\n")
        #expect(FileManager.default.isExecutableFile(atPath: launcher))
        let help = try TestFiles.succeed([Programs.path(executable), "--help"]).output
        #expect(help.hasPrefix("\(name): "), "its action calls itself otherwise: \(help)")
    }
}
