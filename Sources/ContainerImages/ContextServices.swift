import DriverProtocol
import Posix

/// Does the rest of the install script of OpenNebula's context packages, beside bringing files: starts their services
/// with the container, and makes the image's own network configuration give way to theirs.
struct ContextServices {
    private static let services = ["one-context-local", "one-context-online", "one-context"]
    private static let timers = ["one-context-reconfigure.timer"]
    private static let unitDirectories = ["etc/systemd/system", "usr/lib/systemd/system", "lib/systemd/system"]
    /// Directories, and the beginnings and ends of the names in them that configure a network.
    private static let networks: [(directory: String, beginnings: [String], endings: [String])] = [
        ("etc/netplan", [""], [""]),
        ("etc/NetworkManager/system-connections", [""], [""]),
        ("etc/systemd/network", [""], [".network", ".link"]),
        ("etc/network/interfaces.d", [""], [""]),
        ("etc/sysconfig/network-scripts", ["ifcfg-", "route-", "route6-"], [""]),
        ("etc/sysconfig/network", ["ifcfg-", "ifroute-", "ifsysctl-"], [""]),
    ]
    private static let interfaces = "# The loopback network interface\nauto lo\niface lo inet loopback\n"

    let tree: ContainerTree

    func enable() throws {
        let log = tree.site.log
        var changes = TreeChanges()
        let isSystemd = ["usr/lib/systemd/systemd", "lib/systemd/systemd"].contains { tree.status($0) != nil }
        var enabled: [String]
        if isSystemd {
            enabled = enableUnits(Self.services.map { $0 + ".service" } + Self.timers, &changes)
        } else if tree.status("etc/runlevels")?.isDirectory == true {
            enabled = enableScripts(&changes)
        } else {
            return log.warning(
                "the image has neither systemd nor OpenRC: enable the services of the context packages by hand")
        }
        guard !enabled.isEmpty else {
            return log.warning(
                "the CONTEXT_PACKAGES have none of the services \(Self.services.joined(separator: ", ")): "
                    + "nothing is enabled")
        }
        if isSystemd, try ShellServer(tree: tree).prepare(&changes) {
            enabled += enableUnits(ShellServer.units, &changes)
        }
        try clearNetworks(&changes)
        try changes.apply(in: tree.site)
        log.info("enabled \(enabled.joined(separator: ", "))")
    }

    /// Does the work of `systemctl enable`. Returns the units that are there.
    private func enableUnits(_ units: [String], _ changes: inout TreeChanges) -> [String] {
        units.filter { unit in
            for directory in Self.unitDirectories {
                guard let text = tree.text(of: directory + "/" + unit) else { continue }
                let wanting = Self.wanting(text)
                for directoryOfTarget in wanting {
                    guard let place = tree.resolved("etc/systemd/system/" + directoryOfTarget) else { continue }
                    changes.link(place + "/" + unit, to: "/" + directory + "/" + unit, in: tree)
                }
                return !wanting.isEmpty
            }
            return false
        }
    }

    /// Returns the directories of the targets that a unit's section `[Install]` names: `multi-user.target.wants`.
    private static func wanting(_ text: String) -> [String] {
        var section = Substring()
        var directories: [String] = []
        for line in text.split(whereSeparator: \.isNewline) {
            if line.hasPrefix("[") { section = line }
            let pair = line.split(separator: "=", maxSplits: 1)
            guard section == "[Install]", pair.count == 2,
                let ending = ["WantedBy": ".wants", "RequiredBy": ".requires"][pair[0]]
            else { continue }
            directories += pair[1].split(separator: " ").filter { !$0.contains("/") }.map { $0 + ending }
        }
        return directories
    }

    /// Does the work of `rc-update add`. Returns the scripts.
    private func enableScripts(_ changes: inout TreeChanges) -> [String] {
        Self.services.filter { service in
            // The last of them waits for the network, which is on the same level.
            let level = service == "one-context" ? "default" : "boot"
            guard tree.status("etc/init.d/" + service)?.isRegularFile == true,
                let place = tree.resolved("etc/runlevels/" + level)
            else { return false }
            changes.link(place + "/" + service, to: "/etc/init.d/" + service, in: tree)
            return true
        }
    }

    private func clearNetworks(_ changes: inout TreeChanges) throws {
        for (directory, beginnings, endings) in Self.networks {
            for name in tree.names(in: directory)
            where beginnings.contains(where: { name.hasPrefix($0) }) && endings.contains(where: { name.hasSuffix($0) })
                && !name.hasSuffix("-lo")
            {
                guard let place = tree.place(of: directory + "/" + name) else { continue }
                changes.remove(place, in: tree)
            }
        }
        guard tree.status("etc/network")?.isDirectory == true, let place = tree.place(of: "etc/network/interfaces")
        else { return }
        try changes.put(Self.interfaces, at: place, in: tree)
    }
}
