import Foundation
import TestSupport
import Testing

/// `install.sh` and the scripts of datastores: ours need the stock ones beside them.
@Suite struct InstallDatastoreTests {
    private static let copy = "var/remotes/datastore/fs/cp"
    private let openNebula: OpenNebula

    init() throws {
        openNebula = try OpenNebula()
    }

    private func exists(_ relative: String) -> Bool {
        FileManager.default.fileExists(atPath: openNebula.path(relative))
    }

    @Test func theStockScriptStaysBesideOurs() throws {
        let before = try openNebula.listing(directoryTimes: false)
        for options in [[], ["-k"]] {
            try openNebula.install(options)
            #expect(try openNebula.text(Self.copy).contains("/lib/market-drivers/datastore-fs-cp"))
            #expect(try openNebula.text(Self.copy + ".stock") == "stock\n")
            #expect(FileManager.default.isExecutableFile(atPath: openNebula.path(Self.copy + ".stock")))
        }
        // An upgrade of OpenNebula brings a newer one.
        try openNebula.write(Self.copy, "newer\n")
        try openNebula.install()
        #expect(try openNebula.text(Self.copy + ".stock") == "newer\n")
        try openNebula.remove()
        #expect(try openNebula.text(Self.copy) == "newer\n")
        #expect(!exists(Self.copy + ".stock"))
        #expect(try Set(openNebula.listing(directoryTimes: false).keys) == Set(before.keys))
    }

    @Test func datastoresCanBeLeftAlone() throws {
        try openNebula.install(["--stock-datastores"])
        #expect(try openNebula.text(Self.copy) == "stock\n")
        #expect(!exists(Self.copy + ".stock"))
        #expect(try openNebula.launchers().allSatisfy { !$0.contains("datastore") })

        // The scripts that an earlier run has replaced are put back.
        try openNebula.install()
        #expect(exists(Self.copy + ".stock"))
        try openNebula.install(["--stock-datastores"])
        #expect(try openNebula.text(Self.copy) == "stock\n")
        #expect(!exists(Self.copy + ".stock"))
    }
}
