import DriverProtocol
import Testing

/// The lists of other image servers than the public one: as incus-simplestreams, lxd-imagebuilder and Ubuntu's tools
/// write them, and by hand.
extension MarketLinuxContainersTests {
    struct ProductCase: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let key: String
        /// Its members but the versions.
        let members: String
        var version = "202611200524"
        /// By name and `ftype`.
        var items = [("incus.tar.xz", "incus.tar.xz"), ("root.tar.xz", "root.tar.xz")]
        /// NAME of the app, or nil if there is none.
        let name: String?
        var architecture = "x86_64"
        /// The file that is used.
        var file = "root.tar.xz"
    }

    static let products: [ProductCase] = [
        .init(
            testDescription: "incus-simplestreams, split", key: "Debian:12:default:amd64",
            members: #""arch":"amd64","os":"Debian","release":"12","release_title":"12","variant":"default""#,
            name: "debian_12"),
        .init(
            testDescription: "incus-simplestreams, squashfs for arm", key: "alpine:3.20:default:aarch64",
            members: #""arch":"aarch64","os":"alpine","release":"3.20","variant":"default""#,
            items: [("incus.tar.xz", "incus.tar.xz"), ("squashfs", "squashfs"), ("disk-kvm.img", "disk-kvm.img")],
            name: "alpine_3.20 (aarch64)", architecture: "aarch64", file: "squashfs"),
        .init(
            testDescription: "incus-simplestreams, x86_64", key: "Fedora:41:default:x86_64",
            members: #""arch":"x86_64","os":"Fedora","release":"41","variant":"default""#, name: "fedora_41"),
        .init(
            testDescription: "incus-simplestreams --product-name", key: "web-server",
            members: #""arch":"arm64","os":"Rocky Linux","release":"9","variant":"Default""#,
            name: "rockylinux_9 (aarch64)", architecture: "aarch64"),
        .init(
            testDescription: "incus-simplestreams, another variant", key: "Debian:12:cloud:amd64",
            members: #""arch":"amd64","os":"Debian","release":"12","variant":"cloud""#, name: nil),
        .init(
            testDescription: "lxd-imagebuilder", key: "oracle:9:amd64:default",
            members: #""arch":"amd64","distro":"oracle","os":"Oracle Linux","release":"9","variant":"default""#,
            version: "20240505_1212",
            items: [
                ("lxd.tar.xz", "lxd.tar.xz"), ("rootfs.20240504_1212.vcdiff", "squashfs.vcdiff"),
                ("rootfs.squashfs", "squashfs"),
            ], name: "oracle_9", file: "rootfs.squashfs"),
        .init(
            testDescription: "Ubuntu's", key: "com.ubuntu.cloud:server:24.04:amd64",
            members: #""arch":"amd64","os":"ubuntu","release":"noble","version":"24.04""#, version: "20241004",
            items: [("lxd.tar.xz", "lxd.tar.xz"), ("squashfs", "squashfs"), ("root.tar.xz", "root.tar.xz")],
            name: "ubuntu_noble"),
        .init(
            testDescription: "a key that tells it all", key: "ubuntu:noble:default:arm64", members: #""aliases":"""#,
            name: "ubuntu_noble (aarch64)", architecture: "aarch64"),
        .init(
            testDescription: "capitals", key: "DEBIAN:12:AMD64:DEFAULT", members: #""aliases":"""#,
            items: [("ROOT.TAR.XZ", "")], name: "debian_12", file: "ROOT.TAR.XZ"),
        .init(
            testDescription: "an architecture that isn't listed", key: "x",
            members: #""arch":"armhf","os":"debian","release":"12""#,
            name: nil),
        .init(testDescription: "no architecture", key: "x", members: #""os":"debian","release":"12""#, name: nil),
        .init(testDescription: "no release", key: "x:y", members: #""os":"debian","arch":"amd64""#, name: nil),
    ]

    @Test(arguments: products) func readsWhatToolsWrite(_ product: ProductCase) throws {
        let items = product.items.map { name, kind in
            #""\#(name)":{"ftype":"\#(kind)","path":"images/\#(name)","sha256":"\#(String(repeating: "a", count: 64))"}"#
        }
        let catalog = """
            {"products":{"\(product.key)":{\(product.members),"versions":{"\(product.version)":
            {"items":{\(items.joined(separator: ","))}}}}}}
            """
        let result = try report(catalog.utf8)
        #expect(result.apps.compactMap { $0["NAME"] } == (product.name.map { [$0] } ?? []))
        for app in result.apps {
            #expect(app["LINK"] == "http://127.0.0.1/images/\(product.file)")
            #expect(app["ARCHITECTURE"] == product.architecture)
        }
        #expect(result.warnings.isEmpty)
    }

    @Test func passesOverVersionsOfVirtualMachines() throws {
        let versions = #"""
            "202611200500":{"items":{"root.tar.xz":\#(item("images/old"))}},
            "202611200524":{"items":{"squashfs":\#(item("images/new"))}},
            "202611200525":{"items":{"disk-kvm.img":\#(item("images/disk"))}}
            """#
        let result = try report(products: product("debian:12:amd64:default", versions))
        #expect(result.apps.map { $0["LINK"] } == ["http://127.0.0.1/images/new"])
        #expect(result.apps.map { $0["REGTIME"] } == ["1795152240"])
    }
}
