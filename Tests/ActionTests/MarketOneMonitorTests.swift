import DriverProtocol
import Foundation
import Posix
import TestSupport
import Testing

@Suite struct MarketOneMonitorTests {
    private let rig: CatalogRig

    init() throws {
        rig = try CatalogRig("one")
    }

    private func appliances() throws -> [[String: Any]] {
        let data = Data(try Fixture.bytes("catalogs/opennebula-7.4.json"))
        let catalog = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        return try #require(catalog["appliances"] as? [[String: Any]])
    }

    // MARK: The real catalog

    @Test func offersEachAppOfTheRealCatalogAsItIs() throws {
        try rig.serve(fixture: "opennebula-7.4.json")
        let server = try Nginx(root: rig.served)
        let outcome = try rig.monitor(server.url("/"))
        #expect(outcome.status == .exited(0) && outcome.errors == "")
        let (apps, appliances) = try (outcome.apps(), self.appliances())
        #expect(apps.count == 132)
        for (app, appliance) in zip(apps, appliances) {
            #expect(app.texts.filter { !$0.key.hasSuffix("64") } == expected(appliance, server.url("")))
            let machine = app.texts["TYPE"] == "IMAGE" ? "VMTEMPLATE64" : "APPTEMPLATE64"
            #expect((app[machine] != nil) == (appliance["opennebula_template"] != nil))
        }
        #expect(try rig.monitor(server.url("")).output == outcome.output)
    }

    /// The table of PROTOCOL.md, made from the catalog by other means.
    private func expected(_ appliance: [String: Any], _ endpoint: String) -> [String: String] {
        let id = (appliance["_id"] as? [String: String])?["$oid"] ?? ""
        let link = "\(endpoint)/appliance/\(id)"
        var values: [String: String?] = [
            "SOURCE": "\(link)/download/0", "IMPORT_ID": id, "ORIGIN_ID": "-1", "LINK": link,
            "TYPE": appliance["type"] as? String ?? "IMAGE",
            "REGTIME": (appliance["creation_time"] as? Int).map(String.init),
            "TAGS": (appliance["tags"] as? [String]).map { $0.joined(separator: ", ") },
        ]
        for (name, key) in [
            ("NAME", "name"), ("PUBLISHER", "publisher"), ("FORMAT", "format"), ("DESCRIPTION", "short_description"),
            ("VERSION", "version"),
        ] { values[name] = appliance[key] as? String }
        values["ARCHITECTURE"] = appliance["os-arch"] as? String ?? "all"
        // The catalog has no other than KVM and ALL.
        values["HYPERVISOR"] = "kvm"
        if let file = (appliance["files"] as? [[String: Any]])?.first {
            values["SIZE"] = (file["size"] as? Int).map { String(($0 + 1_048_575) / 1_048_576) }
            values["MD5"] = file["md5"] as? String
            values["SHA256"] = (file["checksum"] as? [String: String])?["sha256"]
        } else if appliance["type"] != nil {
            values["SIZE"] = "0"
        }
        return values.compactMapValues { $0 }.filter { !$0.value.isEmpty }
    }

    // MARK: Requests

    @Test(arguments: [("", "OpenNebula 7.4.0 (Market Driver)"), ("CE", "OpenNebula 7.4.0 CE (Market Driver)")])
    func tellsTheReleaseAndAsksOnce(_ edition: String, _ agent: String) throws {
        let rig = try CatalogRig("one", edition: edition.isEmpty ? nil : edition)
        try rig.serve(fixture: "opennebula-7.4.json")
        let server = try FaultServer(root: rig.served)
        #expect(try rig.monitor(server.url("/")).apps().count == 132)
        let requests = try server.requests()
        #expect(requests.map(\.path) == ["/appliance"])
        #expect(requests.first?.headers["user-agent"] == agent)
    }

    @Test func failsWithoutARelease() throws {
        let rig = try CatalogRig("one", version: nil)
        let outcome = try rig.monitor("http://127.0.0.1:1")
        #expect(outcome.status == .exited(1) && outcome.output == "")
        #expect(outcome.reasons.count == 1 && outcome.reasons.first?.contains("remotes/VERSION") == true)
    }

    // MARK: Cache, names, filters

    @Test func keepsTheLastGoodCatalog() throws {
        try rig.serve(fixture: "opennebula-7.4.json")
        let server = try Nginx(root: rig.served)
        let first = try rig.monitor(server.url(""), ["CACHE": "yes"])
        #expect(try first.apps().count == 132 && first.errors == "")
        #expect(try rig.directory.names(in: "var/market-drivers") == ["catalog-109"])
        let second = try rig.monitor(server.url(""), ["CACHE": "yes"])
        #expect(second.output == first.output && second.errors.contains("has not changed"))
        // A catalog that is not whole fails, and does not take the good one's place.
        try rig.serve(Fixture.bytes("catalogs/opennebula-7.4.json").dropLast(100))
        #expect(try rig.monitor(server.url(""), ["CACHE": "yes"]).status == .exited(1))
        try rig.serve(Array(#"{"appliances":[{"_id":"1","name":"new"}]}"#.utf8))
        #expect(try rig.monitor(server.url(""), ["CACHE": "yes"]).apps().map { $0["NAME"] } == ["new"])
        // One that is damaged does not count.
        let kept = rig.directory.path("var/market-drivers/catalog-109")
        var bytes = Array(try Data(contentsOf: URL(filePath: kept)))
        bytes[bytes.count - 5] ^= 1
        try rig.directory.write("var/market-drivers/catalog-109", bytes)
        #expect(try rig.monitor(server.url(""), ["CACHE": "yes"]).apps().map { $0["NAME"] } == ["new"])
        try rig.directory.write("var/market-drivers/catalog-109", "KEY=\"x".utf8)
        #expect(try rig.monitor(server.url(""), ["CACHE": "yes"]).apps().map { $0["NAME"] } == ["new"])
    }

    static let filters: [(KeyValuePairs<String, String?>, Int)] = [
        (["FILTER_TYPE": "IMAGE"], 101), (["FILTER_TYPE": "vmtemplate, SERVICE_TEMPLATE"], 31),
        (["FILTER_ARCHITECTURE": "aarch64"], 48), (["FILTER_ARCHITECTURE": "arm64 amd64"], 132),
        (["FILTER_TAG": "Context"], 1), (["FILTER_NAME": "ubuntu *, Service MinIO*"], 13),
        (["FILTER_TYPE": "IMAGE", "FILTER_NAME": "ubuntu *"], 11),
    ]

    @Test(arguments: filters.indices) func leavesAsideWhatIsNotWanted(_ index: Int) throws {
        let (attributes, count) = Self.filters[index]
        try rig.serve(fixture: "opennebula-7.4.json")
        let server = try Nginx(root: rig.served)
        let outcome = try rig.monitor(server.url(""), attributes)
        #expect(try outcome.apps().count == count, "\(attributes)")
    }

    @Test func putsPrefixAndSuffixToNamesAndTheirUses() throws {
        try rig.serve(fixture: "opennebula-7.4.json")
        let server = try Nginx(root: rig.served)
        let apps = try rig.monitor(server.url(""), ["NAME_PREFIX": "ON ", "NAME_SUFFIX": " 7"]).apps()
        let names = Set(apps.compactMap { $0["NAME"] })
        #expect(names.count == 132 && names.allSatisfy { $0.hasPrefix("ON ") && $0.hasSuffix(" 7") })
        let uses = apps.flatMap { $0.vectors("DISK") + $0.vectors("ROLE") }.compactMap { $0["APP"] }
        #expect(uses.count > 30 && uses.allSatisfy(names.contains))
    }

    @Test(arguments: [
        ("FILTER_TYPE", "IMAGES"), ("CACHE", "maybe"), ("NAME_PREFIX", "a/b"), ("ENDPOINT", "ftp://x"),
        ("ENDPOINT", "http://user:pass@x"),
        ("ENDPOINT", "http://x/$(id)"), ("CATALOG_LIMIT_MB", "0"), ("CATALOG_LIMIT_MB", "1TB"),
    ]) func namesTheAttributeThatIsWrong(_ attribute: String, _ value: String) throws {
        let outcome = try rig.act("monitor", rig.message("http://127.0.0.1:1", [attribute: value]))
        #expect(outcome.status == .exited(1) && outcome.reasons.count == 1)
        #expect(outcome.reasons.first?.contains(attribute) == true, "\(outcome.reasons)")
    }

    @Test(arguments: ["import", "delete"]) func refusesToBeChanged(_ action: String) throws {
        let outcome = try rig.act(action, rig.message(nil))
        #expect(outcome.status == .exited(1) && outcome.output == "")
        #expect(
            outcome.errors == "Cannot \(action) an app: a marketplace of MARKET_MAD one is a public catalog, which is "
                + "read-only; use a private marketplace of your own\n")
    }
}
