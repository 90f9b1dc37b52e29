import Foundation
import TestSupport
import Testing

/// `install.sh` while somebody else changes files too: nobody's only copy is lost.
@Suite struct InstallChangesTests {
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
        #expect(outcome.output.contains("kept, because it was changed: \(openNebula.path(Self.configuration))"))
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
        #expect(try openNebula.text("var/remotes/market/http/import").contains("/market-drivers' market/http/import "))
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

    // MARK: What a removal must not destroy

    private static let launcher = "var/remotes/market/http/import"
    private static let savedConfiguration = "remotes/etc/market/market-drivers.conf"

    /// An OpenNebula with a configuration of another origin, installed; its configuration and a launcher then changed.
    private func changedOpenNebula() throws -> OpenNebula {
        let openNebula = try OpenNebula()
        _ = try openNebula.directory.makeDirectory(openNebula.name + "/var/remotes/etc/market")
        try openNebula.write(Self.configuration, "FOO=bar\n")
        try openNebula.install()
        try openNebula.write(Self.configuration, Self.changed)
        try openNebula.write(Self.launcher, "another's\n")
        return openNebula
    }

    @Test func whatIsNotPutBackStaysInTheBackup() throws {
        let openNebula = try changedOpenNebula()
        let outcome = try openNebula.remove()
        let backup = "lib/market-drivers/backup"
        #expect(try openNebula.text(backup + "/" + Self.savedConfiguration) == "FOO=bar\n")
        #expect(try openNebula.text(backup + "/remotes/market/http/import") == "#!/bin/bash\necho stock\n")
        for file in ["/" + Self.savedConfiguration, "/remotes/market/http/import"] {
            #expect(outcome.output.contains("its original is kept as \(openNebula.path(backup + file))\n"))
        }
        #expect(!outcome.output.contains("all replaced files are restored"))
        let left = try openNebula.listing().filter {
            $0.key.hasPrefix("lib/market-drivers/") && $0.value.hasPrefix("100")
        }
        #expect(left.count == 2, "\(left.keys)")
        #expect(try openNebula.remove().output.contains("nothing to do"))
    }

    @Test func theNextInstallationLeavesWhatWasKept() throws {
        let openNebula = try changedOpenNebula()
        try openNebula.remove()
        let outcome = try openNebula.install()
        let aside = "lib/market-drivers/backup.1"
        #expect(outcome.output.contains("is now in \(openNebula.path(aside))\n"))
        #expect(try openNebula.remove().output.contains("all replaced files are restored"))
        #expect(try openNebula.text(aside + "/" + Self.savedConfiguration) == "FOO=bar\n")
        #expect(try openNebula.text(Self.configuration) == Self.changed)
        #expect(try openNebula.text(Self.launcher) == "another's\n")
    }

    @Test func aSavedConfigurationSurvivesRemoval() throws {
        let openNebula = try OpenNebula()
        try openNebula.install()
        try openNebula.write(Self.configuration, Self.changed)
        try openNebula.install()
        let outcome = try openNebula.remove()
        let saved = "lib/market-drivers/edited/" + Self.savedConfiguration
        #expect(outcome.output.contains(openNebula.path(saved)))
        #expect(!outcome.output.contains("all replaced files are restored"))
        #expect(try openNebula.text(saved) == Self.changed)
    }
}
