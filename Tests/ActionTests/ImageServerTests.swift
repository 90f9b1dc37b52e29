import DriverProtocol
import Foundation
import TestSupport
import Testing

/// Private image servers, whose index names the lists of images.
@Suite struct ImageServerTests {
    private let rig: CatalogRig

    init() throws {
        rig = try CatalogRig("linuxcontainers")
        _ = try rig.directory.makeDirectory("served/streams/v1")
    }

    private func list(_ name: String, _ releases: String...) throws {
        let digest = String(repeating: "a", count: 64)
        let products = releases.map { release in
            #"""
            "Debian:\#(release):default:amd64":{"arch":"amd64","os":"Debian","release":"\#(release)","variant":"default","versions":
            {"202611200524":{"items":{"root.tar.xz":{"ftype":"root.tar.xz","path":"images/\#(release).tar.xz","sha256":"\#(digest)"}}}}}
            """#
        }
        try serve(name, "{\"products\":{\(products.joined(separator: ","))}}")
    }

    private func serve(_ name: String, _ text: String) throws {
        try rig.directory.write("served/streams/v1/" + name, text.utf8)
    }

    private func index(_ names: String...) throws {
        let entries = names.map {
            #""\#($0)":{"datatype":"image-downloads","path":"streams/v1/\#($0)","format":"products:1.0","products":["x"]}"#
        }
        try serve("index.json", "{\"index\":{\(entries.joined(separator: ","))},\"format\":\"index:1.0\"}")
    }

    private func names(_ outcome: Outcome) throws -> [String?] {
        #expect(outcome.status == .exited(0) && outcome.reasons.isEmpty, "\(outcome.errors)")
        return try outcome.apps().map { $0["NAME"] }
    }

    @Test func listsAllThatTheIndexNames() throws {
        try list("images.json", "1")
        try list("daily.json", "2", "3")
        try list("other.json", "4")
        let server = try FaultServer(root: rig.served)
        #expect(try names(rig.monitor(server.url(""))) == ["debian_1"])
        try index("daily.json", "other.json")
        #expect(try names(rig.monitor(server.url("/"))) == ["debian_2", "debian_3", "debian_4"])
        #expect(
            try server.requests().map(\.path) == [
                "/streams/v1/index.json", "/streams/v1/images.json", "/streams/v1/index.json",
                "/streams/v1/daily.json", "/streams/v1/other.json",
            ])
    }

    @Test(arguments: ["", "<html>not found</html>", "[]", "{}", #"{"index":{"x":{"path":"y","products":[]}}}"#])
    func readsImagesJSONWhereTheIndexNamesNothing(_ index: String) throws {
        try list("images.json", "1")
        try serve("index.json", index)
        let server = try Nginx(root: rig.served)
        #expect(try names(rig.monitor(server.url(""))) == ["debian_1"])
    }

    /// oned drops the apps that a report lacks.
    @Test func failsWhereOneOfTheListsCannotBeHad() throws {
        try list("images.json", "1")
        try index("images.json", "missing.json")
        let server = try Nginx(root: rig.served)
        expectRefusal(try rig.monitor(server.url("")), ["missing.json", "HTTP 404"])
        try list("missing.json", "2")
        #expect(try names(rig.monitor(server.url(""))) == ["debian_1", "debian_2"])
        try serve("missing.json", "{\"products\":{")
        expectRefusal(try rig.monitor(server.url("")), ["missing.json", "it is cut, or no JSON"])
        try serve("index.json", "{\"index\":{")
        expectRefusal(try rig.monitor(server.url("")), ["index.json", "it is cut, or no JSON"])
        try index("../../secret.json")
        expectRefusal(try rig.monitor(server.url("")), ["index.json", "leads out"])
        try serve(
            "index.json",
            "{\"index\":{\((0...100).map { "\"\($0)\":{\"path\":\"\($0).json\"}" }.joined(separator: ","))}}")
        expectRefusal(try rig.monitor(server.url("")), ["index.json", "more than 100 lists"])
    }

    @Test func keepsEachList() throws {
        try list("a.json", "1")
        try list("b.json", "2")
        try index("a.json", "b.json")
        let server = try Nginx(root: rig.served)
        let first = try rig.monitor(server.url(""), ["CACHE": "yes"])
        #expect(try names(first) == ["debian_1", "debian_2"])
        #expect(try rig.directory.names(in: "var/market-drivers").sorted() == ["catalog-109", "catalog-109-1"])
        let second = try rig.monitor(server.url(""), ["CACHE": "yes"])
        #expect(second.output == first.output)
        #expect(second.errors.components(separatedBy: "has not changed").count == 3)
    }

    private static func item(_ kind: String, _ path: String) -> String {
        "\"\(path)\":{\"ftype\":\"\(kind)\",\"path\":\"images/\(path)\",\"size\":1000,\"sha256\":\"\(String(repeating: "b", count: 64))\"}"
    }

    /// The items of a version, and the file that is taken, or nil if it has none of a container.
    static let contents: [(items: [String], taken: String?)] = [
        // Ubuntu's buildd images: in one archive with what describes them, or beside it.
        ([item("lxd_combined.tar.gz", "combined.tar.gz")], nil),
        (
            [
                item("lxd_combined.tar.gz", "combined.tar.gz"), item("lxd.tar.xz", "meta"),
                item("root.tar.xz", "r.tar.xz"),
            ], "r.tar.xz"
        ),
        ([item("squashfs", "r.squashfs"), item("lxd_combined.tar.gz", "combined.tar.gz")], "r.squashfs"),
        // Differences to older versions, and disks of virtual machines.
        (
            [
                item("disk-kvm.img", "disk.img"), item("disk-kvm.img.vcdiff", "a.vcdiff"),
                item("squashfs.vcdiff", "b.vcdiff"),
                item("squashfs", "r.squashfs"),
            ], "r.squashfs"
        ),
        ([item("squashfs.vcdiff", "b.vcdiff"), item("root.tar.xz", "r.tar.xz")], "r.tar.xz"),
        // simplestream-maintainer has a file's name for a type that it does not know.
        ([item("lxd.tar.xz", "meta"), item("rootfs.tar.xz", "rootfs.tar.xz")], "rootfs.tar.xz"),
        ([item("disk-kvm.img", "disk.img"), item("disk1.img", "disk1.img"), item("lxd.tar.xz", "meta")], nil),
        (
            [
                item("incus.tar.xz", "i"), item("lxd.tar.xz", "l"), item("squashfs", "r.squashfs"),
                item("root.tar.xz", "r.tar.xz"),
            ], "r.tar.xz"
        ),
    ]

    @Test(arguments: contents) func takesTheRootFileSystem(_ items: [String], _ taken: String?) throws {
        try list("other.json", "1")
        try index("images.json", "other.json")
        try serve(
            "images.json",
            """
            {"products":{"ubuntu:focal:amd64:default":{"arch":"amd64","os":"Ubuntu","release":"focal","variant":"default",
            "aliases":"focal","versions":{"20200128_21:30":{"items":{\(items.joined(separator: ","))}}}}}}
            """)
        let server = try Nginx(root: rig.served)
        let outcome = try rig.monitor(server.url(""))
        #expect(outcome.status == .exited(0) && outcome.reasons.isEmpty, "\(outcome.errors)")
        let apps = try outcome.apps()
        let expected = (taken.map { [$0] } ?? []) + ["1.tar.xz"]
        #expect(apps.map { $0["LINK"] } == expected.map { server.url("/images/" + $0) })
        #expect(taken != nil || outcome.errors.contains("none of its versions has a root.tar.xz or a squashfs"))
    }
}
