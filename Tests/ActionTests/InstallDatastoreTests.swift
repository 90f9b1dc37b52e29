import Foundation
import TestSupport
import Testing

/// `install.sh` and the scripts of datastores: ours need the stock ones beside them.
@Suite struct InstallDatastoreTests {
    private static let scripts = ["var/remotes/datastore/fs/cp", "var/remotes/datastore/downloader.sh"]
    private let openNebula: OpenNebula

    init() throws {
        openNebula = try OpenNebula()
    }

    private func exists(_ relative: String) -> Bool {
        FileManager.default.fileExists(atPath: openNebula.path(relative))
    }

    @Test(arguments: scripts) func theStockScriptStaysBesideOurs(_ script: String) throws {
        let before = try openNebula.listing(directoryTimes: false)
        for options in [[], ["-k"]] {
            try openNebula.install(options)
            #expect(try openNebula.text(script).contains("/lib/market-drivers/market-drivers' datastore/"))
            #expect(try openNebula.text(script + ".stock") == "stock\n")
            #expect(FileManager.default.isExecutableFile(atPath: openNebula.path(script + ".stock")))
        }
        // An upgrade of OpenNebula brings a newer one.
        try openNebula.write(script, "newer\n")
        try openNebula.install()
        #expect(try openNebula.text(script + ".stock") == "newer\n")
        try openNebula.remove()
        #expect(try openNebula.text(script) == "newer\n")
        #expect(!exists(script + ".stock"))
        #expect(try Set(openNebula.listing(directoryTimes: false).keys) == Set(before.keys))
    }

    @Test func theInstalledDownloaderFindsTheStockOne() throws {
        try openNebula.write(Self.scripts[1], "#!/bin/sh\necho \"stock $*\"\n")
        try openNebula.install()
        let launcher = openNebula.path(Self.scripts[1])
        #expect(try TestFiles.succeed([launcher, "restic://1/2", "-"]).output == "stock restic://1/2 -\n")
        let file = try openNebula.directory.write("disk", "a disk".utf8)
        // As the stock scripts call it.
        let path = openNebula.path("var/remotes/datastore/fs/../../datastore/downloader.sh")
        #expect(try TestFiles.succeed([path, "--nodecomp", "-c", "3", file, "-"]).output == "a d")
    }

    @Test func datastoresCanBeLeftAlone() throws {
        try openNebula.install(["--stock-datastores"])
        for script in Self.scripts {
            #expect(try openNebula.text(script) == "stock\n")
            #expect(!exists(script + ".stock"))
        }
        #expect(try openNebula.launchers().allSatisfy { !$0.contains("datastore") })

        // The scripts that an earlier run has replaced are put back.
        try openNebula.install()
        #expect(Self.scripts.allSatisfy { exists($0 + ".stock") })
        let said = try openNebula.install(["--stock-datastores"]).output
        for script in Self.scripts {
            #expect(try openNebula.text(script) == "stock\n")
            #expect(!exists(script + ".stock"))
        }
        // The three stock scripts; ours of Ceph, which it has not, and the three copies named .stock.
        #expect(said.contains("no longer installed: 3 files restored, 5 removed\n"), "\(said)")
        #expect(!said.contains("0 files added"))
    }
}
