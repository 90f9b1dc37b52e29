import DriverProtocol
import Foundation
import TestSupport
import Testing

/// The apps of a marketplace whose packages come from a release.
@Suite struct ContextMonitorTests {
    private let rig: CatalogRig
    private let server: Nginx

    init() throws {
        rig = try CatalogRig("linuxcontainers")
        try rig.serveRecorded()
        server = try Nginx(root: rig.served)
    }

    private func apps(_ attributes: KeyValuePairs<String, String?>) throws -> [Template] {
        let outcome = try rig.monitor(server.url(""), attributes)
        #expect(outcome.status == .exited(0) && outcome.warnings.isEmpty, "\(outcome.errors)")
        return try outcome.apps()
    }

    private func checksums(_ attributes: KeyValuePairs<String, String?>) throws -> [String?] {
        try apps(attributes).map { $0["MD5"] }
    }

    private func write(tag: String, digest: Character) throws {
        let folder = "served/repos/o/apps/releases"
        _ = try rig.directory.makeDirectory(folder)
        let asset =
            "{\"name\":\"one-context_1-0.deb\",\"browser_download_url\":\"http://h/x\",\"digest\":\"sha256:"
            + String(repeating: digest, count: 64) + "\"}"
        try rig.directory.write(folder + "/latest", "{\"tag_name\":\"\(tag)\",\"assets\":[\(asset)]}".utf8)
    }

    @Test func appsChangeWithTheRelease() throws {
        let url = server.url("/repos/o/apps/releases")
        try write(tag: "v1", digest: "a")
        let first = try checksums(["CONTEXT_URL": url])
        #expect(first.count > 10 && Set(first).count == first.count)
        #expect(try first != checksums(["CONTEXT": "no"]))
        try write(tag: "v1", digest: "b")
        // Asked for once an hour.
        #expect(try checksums(["CONTEXT_URL": url]) == first)
        let kept = rig.directory.path("var/market-drivers/context")
        try FileManager.default.removeItem(atPath: kept)
        let second = try checksums(["CONTEXT_URL": url])
        #expect(Set(first).isDisjoint(with: second))
        try FileManager.default.removeItem(atPath: kept)
        try write(tag: "v2", digest: "b")
        #expect(try Set(second).isDisjoint(with: checksums(["CONTEXT_URL": url])))
    }

    @Test func aServerThatIsAwayChangesNothing() throws {
        let url = server.url("/repos/o/apps/releases")
        let missing = try rig.monitor(server.url(""), ["CONTEXT_URL": url])
        #expect(missing.status == .exited(0) && missing.warnings.count == 1)
        #expect(missing.warnings.first?.contains("Cannot find OpenNebula's context packages at") == true)
        #expect(try missing.apps().count == rig.recordedApps)
        try write(tag: "v1", digest: "a")
        let first = try checksums(["CONTEXT_URL": url])
        let kept = rig.directory.path("var/market-drivers/context")
        for name in try FileManager.default.contentsOfDirectory(atPath: kept) {
            try TestFiles.succeed(["touch", "-d", "3 hours ago", kept + "/" + name])
        }
        try TestFiles.succeed(["rm", "-r", rig.directory.path("served/repos")])
        let later = try rig.monitor(server.url(""), ["CONTEXT_URL": url])
        #expect(try later.apps().map { $0["MD5"] } == first && later.warnings.count == 1)
    }

    @Test func theLocationSaysThatAnImageStaysAsItIs() throws {
        let plain = try apps(["CONTEXT_URL": "http://127.0.0.1:1/7.2.1-0"])
        let off = try apps(["CONTEXT": "no"])
        #expect(plain.allSatisfy { $0["SOURCE"]?.hasSuffix("&format=raw") == true })
        #expect(off.allSatisfy { $0["SOURCE"]?.hasSuffix("&format=raw&context=no") == true })
    }
}
