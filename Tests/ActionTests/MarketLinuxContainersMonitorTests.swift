import DriverProtocol
import Foundation
import TestSupport
import Testing

@Suite struct MarketLinuxContainersMonitorTests {
    private let rig: CatalogRig
    private let server: Nginx

    init() throws {
        rig = try CatalogRig("linuxcontainers")
        try rig.serve(fixture: "linuxcontainers-images.json")
        server = try Nginx(root: rig.served)
    }

    /// Returns the apps to be offered, by name, made from the catalog by other means: with the file of the newest
    /// version.
    private func expected(tested: Bool) throws -> [String: [String: Any]] {
        let distributions: Set<Substring> = [
            "alpine", "rockylinux", "almalinux", "oracle", "debian", "ubuntu", "fedora", "devuan", "amazonlinux",
            "opensuse",
        ]
        let data = Data(try Fixture.bytes("catalogs/linuxcontainers-images.json"))
        let catalog = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        var files: [String: [String: Any]] = [:]
        for (key, product) in try #require(catalog["products"] as? [String: [String: Any]]) {
            let parts = key.split(separator: ":")
            let versions = try #require(product["versions"] as? [String: [String: Any]])
            guard parts[3] == "default", parts[2] == "amd64" || parts[2] == "arm64",
                !tested || distributions.contains(parts[0]), let newest = versions.keys.max(),
                let items = versions[newest]?["items"] as? [String: [String: Any]],
                let file = items["root.tar.xz"] ?? items["root.squashfs"]
            else { continue }
            files["\(parts[0])_\(parts[1])" + (parts[2] == "amd64" ? "" : " (aarch64)")] = file
        }
        return files
    }

    @Test(arguments: [("", true), ("/", true), ("", false)])
    func offersTheNewestImages(_ slash: String, _ tested: Bool) throws {
        let outcome = try rig.monitor(server.url(slash), ["SKIP_UNTESTED": tested ? nil : "no"])
        #expect(outcome.status == .exited(0) && outcome.errors == "")
        let (apps, files) = try (outcome.apps(), expected(tested: tested))
        #expect(Set(apps.compactMap { $0["NAME"] }) == Set(files.keys) && apps.count == files.count)
        for app in apps {
            let file = try #require(files[app["NAME"] ?? ""])
            let url = server.url("/") + (file["path"] as? String ?? "")
            #expect(app["SOURCE"] == "lxd://\(url)?size=2048&filesystem=ext4&format=raw" && app["LINK"] == url)
            #expect(
                app["SHA256"] == file["sha256"] as? String
                    && app["FILE_SIZE"] == (file["size"] as? Int).map(String.init))
            #expect(
                app["SIZE"] == "2048" && app["FORMAT"] == "raw" && app["TYPE"] == "IMAGE" && app["VERSION"] == "1.0")
            #expect(try app.inner("APPTEMPLATE64").text == "DRIVER=\"raw\"\n")
        }
        #expect(Set(apps.compactMap { $0["MD5"] }).count == apps.count)
        #expect(try rig.monitor(server.url(slash), ["SKIP_UNTESTED": tested ? nil : "no"]).output == outcome.output)
    }

    @Test func makesTheTemplateThatTheMarketAsksFor() throws {
        let plain = try #require(try rig.monitor(server.url("")).apps().first)
        #expect(try plain.inner("VMTEMPLATE64")["LXC_UNPRIVILEGED"] == "false")
        let other = try rig.monitor(
            server.url(""),
            [
                "PRIVILEGED": "no", "MEMORY": "512", "CPU": "0.5", "VCPU": "1", "IMAGE_SIZE_MB": "4096",
                "FORMAT": "qcow2",
                "FILESYSTEM": "xfs", "FILTER_ARCHITECTURE": "aarch64", "NAME_PREFIX": "LC ",
            ]
        ).apps()
        #expect(other.count > 3)
        for app in other {
            #expect(app["NAME"]?.hasPrefix("LC ") == true && app["ARCHITECTURE"] == "aarch64" && app["SIZE"] == "4096")
            #expect(app["SOURCE"]?.hasSuffix("?size=4096&filesystem=xfs&format=qcow2") == true)
            let machine = try app.inner("VMTEMPLATE64")
            #expect(machine["LXC_UNPRIVILEGED"] == "true" && machine["MEMORY"] == "512" && machine["VCPU"] == "1")
            #expect(machine["CPU"] == "0.5" && machine["SCHED_REQUIREMENTS"] == "HYPERVISOR=lxc & ARCH=aarch64")
            #expect(try app.inner("APPTEMPLATE64")["DRIVER"] == "qcow2")
        }
    }

    @Test(arguments: [
        ("IMAGE_SIZE_MB", "1TB"), ("IMAGE_SIZE_MB", "1"), ("FILESYSTEM", "ntfs"), ("FORMAT", "vmdk"), ("CPU", "much"),
        ("MEMORY", "0"), ("VCPU", "-1"), ("PRIVILEGED", "perhaps"), ("SKIP_UNTESTED", "2"), ("VERIFY", "x"),
    ]) func namesTheAttributeThatIsWrong(_ attribute: String, _ value: String) throws {
        let outcome = try rig.act("monitor", rig.message(server.url(""), [attribute: value]))
        #expect(outcome.status == .exited(1) && outcome.output == "" && outcome.reasons.count == 1)
        #expect(outcome.reasons.first?.contains(attribute) == true, "\(outcome.reasons)")
    }

    @Test(arguments: ["import", "delete"]) func refusesToBeChanged(_ action: String) throws {
        let outcome = try rig.act(action, rig.message(nil))
        #expect(outcome.status == .exited(1) && outcome.output == "" && outcome.reasons.count == 1)
        #expect(
            outcome.reasons.first?.hasPrefix("Cannot \(action) an app: a marketplace of MARKET_MAD linuxcontainers")
                == true)
    }
}
