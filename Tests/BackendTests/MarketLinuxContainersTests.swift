import DriverProtocol
import Foundation
import Posix
import TestSupport
import Testing

@testable import Catalog
@testable import MarketLinuxContainers

@Suite struct MarketLinuxContainersTests {
    typealias Answer = (apps: [Template], warnings: [String], reason: String?)

    func report(
        _ catalog: some Sequence<UInt8>, _ attributes: [String: String] = [:],
        server: String = "http://127.0.0.1"
    ) throws -> Answer {
        let warnings = Locked<[String]>([])
        let log = Log(action: "test", id: "0") { line in warnings.update { $0.append(line) } }
        // Nobody is to be asked for the newest packages.
        let request = try request(log, ["CONTEXT_URL": "http://h/7.2.0-0"].merging(attributes) { $1 })
        let market = try CatalogMarket(request, server: CatalogMarket.endpoint(default: server), agent: "test")
        let options = try ContainerOptions(request)
        var document = CatalogDocument(url: WebURL("http://127.0.0.1/streams/v1/images.json")!, bytes: Array(catalog))
        do {
            var report = AppReport(catalogSize: 0, log: log)
            try MarketLinuxContainers.Monitor.add(&document, to: &report, market, options)
            return (try apps(report.reply(of: document.url)), warnings.update { $0 }, nil)
        } catch let error as DriverError {
            return ([], warnings.update { $0 }, error.description)
        }
    }

    func item(_ path: String, _ digit: Character = "a") -> String {
        #"{"path":"\#(path)","sha256":"\#(String(repeating: digit, count: 64))","size":5}"#
    }

    func product(_ key: String, _ versions: String) -> String { #""\#(key)":{"versions":{\#(versions)}}"# }

    func report(products: String...) throws -> Answer {
        try report("{\"products\":{\(products.joined(separator: ","))}}".utf8)
    }

    private var version: String { #""20260101_00:00":{"items":{"root.tar.xz":\#(item("images/ok"))}}"# }

    private let good =
        #""debian:12:amd64:default":{"versions":{"20260101_00:00":{"items":{"root.tar.xz":{"path":"images/ok","sha256":"\#(String(repeating: "b", count: 64))"}}}}}"#

    @Test func takesTheNewestVersionByDateAndTheArchiveBeforeTheSquashfs() throws {
        let versions = #"""
            "20260103_00:00":{"items":{"root.squashfs":\#(item("images/new.squashfs")),"root.tar.xz":\#(item("images/new"))}},
            "20260101_23:59":{"items":{"root.tar.xz":\#(item("images/old"))}},"latest":{"items":{"root.tar.xz":\#(item("images/x"))}}
            """#
        let squashfs = #""20260101_00:00":{"items":{"root.squashfs":\#(item("images/only.squashfs"))}}"#
        let result = try report(
            products: product("debian:12:amd64:default", versions), product("alpine:3:arm64:default", squashfs))
        #expect(
            result.apps.map { $0["LINK"] } == ["http://127.0.0.1/images/new", "http://127.0.0.1/images/only.squashfs"])
        #expect(result.apps.map { $0["REGTIME"] } == ["1767398400", "1767225600"])
        #expect(result.apps.map { $0["NAME"] } == ["debian_12", "alpine_3 (aarch64)"])
    }

    @Test(arguments: [
        ("debian:12:amd64:default", "debian_12"), ("debian:12:arm64:default", "debian_12 (aarch64)"),
        ("opensuse:15.6:amd64:default", "opensuse_15.6"),
        ("opensuse:tumbleweed:arm64:default", "opensuse_tumbleweed (aarch64)"),
        ("alt:Sisyphus:amd64:default", nil), ("archlinux:current:amd64:default", nil), ("debian:12:amd64:cloud", nil),
        ("debian:12:armhf:default", nil),
    ]) func listsTheTestedImagesUnderTheNamesThatOnedKnows(_ key: String, _ name: String?) throws {
        let catalog = "{\"products\":{\(product(key, version))}}"
        let result = try report(catalog.utf8)
        #expect(result.apps.compactMap { $0["NAME"] } == (name.map { [$0] } ?? []))
        // The untested ones are there for the asking, in the variant and for the processors that are listed at all.
        let isListed = key.hasSuffix(":default") && !key.contains("armhf")
        #expect(try report(catalog.utf8, ["SKIP_UNTESTED": "no"]).apps.count == (isListed ? 1 : 0))
    }

    @Test(arguments: [
        (nil, "https://images.linuxcontainers.org/"), ("http://h/mirror", "http://h/mirror"),
        ("http://h/mirror/", "http://h/mirror/"),
    ]) func publishesAsTheMarketStatesItsServer(_ endpoint: String?, _ publisher: String) throws {
        let attributes = ["ENDPOINT": endpoint].compactMapValues { $0 }
        let catalog = "{\"products\":{\(product("debian:12:amd64:default", version))}}"
        let result = try report(catalog.utf8, attributes, server: SimpleStreams.standardEndpoint)
        let app = try #require(result.apps.first)
        #expect(app["PUBLISHER"] == publisher && app["DESCRIPTION"] == "Downloaded from \(publisher)")
        let url = (publisher.hasSuffix("/") ? publisher : publisher + "/") + "images/ok"
        #expect(app["LINK"] == url && app["SOURCE"] == "lxd://\(url)?size=2048&filesystem=ext4&format=raw")
    }

    @Test(arguments: [
        ("../images/x", "leads out"), ("images/../../x", "leads out"), ("/images/x", "leads out"),
        ("images//x", "leads out"),
        ("http://evil/x", "characters"), ("images/a b", "characters"), ("images/$(id)", "characters"),
        ("images/`id`", "characters"),
        ("images/x?size=1", "characters"), ("images/x;y", "characters"), ("images/x%2e%2e", "characters"),
        ("images/x'y", "characters"),
        ("", "leads out"), ("images/\u{e9}", "characters"),
    ]) func leavesOutPathsThatLeadElsewhere(_ path: String, _ reason: String) throws {
        let result = try report(
            products: product("ubuntu:x:amd64:default", #""20260101_00:00":{"items":{"root.tar.xz":\#(item(path))}}"#),
            good)
        #expect(result.apps.map { $0["NAME"] } == ["debian_12"])
        #expect(
            result.warnings.count == 1
                && result.warnings.first?.contains("'ubuntu_x' is left out: its path") == true)
        #expect(result.warnings.first?.contains(reason) == true, "\(result.warnings)")
    }

    @Test(arguments: [
        (#""latest":{}"#, "none of its versions has a date"),
        (#""20261301_00:00":{}"#, "none of its versions has a date"),
        (#""20260101_00:00":{"items":{}}"#, "a root.tar.xz or a squashfs"),
        (#""20260101_00:00":[]"#, "a root.tar.xz or a squashfs"),
        (#""20260101_00:00":{"items":{"root.tar.xz":{"path":"images/x"}}}"#, "no SHA-256"),
        (#""20260101_00:00":{"items":{"root.tar.xz":{"path":"images/x","sha256":"abc"}}}"#, "no SHA-256"),
    ]) func leavesOneOutAndKeepsTheOthers(_ versions: String, _ reason: String) throws {
        let result = try report(products: product("ubuntu:x:amd64:default", versions), good)
        #expect(result.apps.count == 1)
        #expect(result.warnings.count == 1 && result.warnings.first?.contains(reason) == true, "\(result.warnings)")
    }

    /// The MD5 of the app of a catalog that lists one file.
    private func checksum(
        _ attributes: [String: String] = [:], path: String = "images/a", digit: Character = "a",
        date: String = "20260101_00:00", kind: String = "root.tar.xz"
    ) throws -> String {
        let version = #""\#(date)":{"items":{"\#(kind)":\#(item(path, digit))}}"#
        let catalog = "{\"products\":{\(product("debian:12:amd64:default", version))}}"
        return try #require(report(catalog.utf8, attributes).apps.first?["MD5"])
    }

    @Test func givesEachFileAndEachOptionAChecksumOfItsOwn() throws {
        let digest = String(repeating: "a", count: 64)
        let checksums = try [
            checksum(), checksum(digit: "c"), checksum(["CONTEXT": "no"]), checksum(["BUILD_MODE": "files"]),
            checksum(["IMAGE_SIZE_MB": "2049"]), checksum(["IMAGE_SIZE_MB": "300"]),
            checksum(["FILESYSTEM": "xfs"]), checksum(["FORMAT": "qcow2"]),
            checksum(["FILESYSTEM": "xfs", "FORMAT": "qcow2"]), checksum(["PRIVILEGED": "no"]),
            checksum(["MEMORY": "769"]), checksum(["CPU": "0.5"]), checksum(["VCPU": "3"]),
            checksum(["CONTEXT_PACKAGES": "/a.deb"]), checksum(["CONTEXT_PACKAGES": "/b.deb"]),
            checksum(["CONTEXT_PACKAGES": "/a.deb /b.deb"]),
            checksum(["CONTEXT_PACKAGES": "/a.deb#sha256=\(digest)"]),
            checksum(["CONTEXT_PACKAGES": "/a.deb#sha256=\(digest.replacing("a", with: "b"))"]),
            checksum(["CONTEXT_PACKAGES": "https://h/a.deb#sha256=\(digest)"]),
            checksum(["CONTEXT_PACKAGES": "/a.deb", "CONTEXT_EXTRA_PACKAGES": "vim"]),
            checksum(["CONTEXT_PACKAGES": "/a.deb", "CONTEXT_EXTRA_PACKAGES": "vim nano"]),
            checksum(["CONTEXT_PACKAGES": "/a.deb", "CONTEXT_SHA256": digest]),
            checksum(["CONTEXT_URL": "http://h/7.2.1-0"]), checksum(["CONTEXT_URL": "http://h/7.2.1-1"]),
            checksum(["CONTEXT_URL": "http://h/7.2.1-0", "CONTEXT_VERSION": "7.2.1-2"]),
        ]
        #expect(Set(checksums).count == checksums.count)
    }

    @Test func keepsTheChecksumWhereTheImageStaysAsItIs() throws {
        let digest = String(repeating: "a", count: 64)
        for (name, value) in [
            ("DESCRIPTION", "new"), ("VERIFY", "no"), ("SKIP_UNTESTED", "no"), ("NAME_PREFIX", "x"),
            ("FILTER_NAME", "*"), ("CACHE", "no"), ("CA_FILE", "/x"), ("IMAGE_SIZE_MB", "2048"), ("FILESYSTEM", "EXT4"),
            ("FORMAT", "RAW"), ("PRIVILEGED", "YES"), ("CONTEXT_PACKAGES", " "), ("CONTEXT", "yes"),
            ("BUILD_MODE", "auto"), ("BUILD_MODE", "namespace"), ("PACKAGE_MIRROR", "debian=http://h"),
        ] {
            #expect(try checksum([name: value]) == checksum(), "\(name)")
        }
        #expect(try checksum(path: "images/b") == checksum())
        #expect(try checksum(date: "20260202_00:00") == checksum())
        #expect(
            try checksum(["CONTEXT_PACKAGES": " /a.deb#sha256=\(digest.uppercased())\n /b.deb "])
                == checksum(["CONTEXT_PACKAGES": "/a.deb#sha256=\(digest) /b.deb"]))
    }

    @Test func changesTheChecksumWithAFileThatNobodyVouchesFor() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("one-context.deb", "1".utf8)
        let first = try checksum(["CONTEXT_PACKAGES": path])
        #expect(try checksum(["CONTEXT_PACKAGES": path]) == first)
        try directory.write("one-context.deb", "22".utf8)
        #expect(try checksum(["CONTEXT_PACKAGES": path]) != first)
    }

    @Test(arguments: [
        ("CONTEXT", "perhaps", "'perhaps' is neither YES nor NO"), ("BUILD_MODE", "x", "'x' is no way"),
        ("CONTEXT_URL", "x", "'x' is no URL"),
        ("CONTEXT_VERSION", "../1", "'../1' is no version"), ("CONTEXT_SHA256", "12", "'12' is no SHA-256"),
        ("CONTEXT_EXTRA_PACKAGES", "vim --root=/", "'--root=/' is no name of a package"),
        ("CONTEXT_EXTRA_PACKAGES", "/tmp/x.deb", "'/tmp/x.deb' is no name of a package"),
        ("CONTEXT_EXTRA_PACKAGES", "a;b", "'a;b' is no name of a package"),
    ]) func namesTheAttributeOfThePackagesThatIsWrong(_ name: String, _ value: String, _ part: String) throws {
        let error = try #require(throws: DriverError.self) { _ = try checksum([name: value]) }
        #expect(error.description.contains(part) && error.object == "MARKETPLACE/TEMPLATE/" + name, "\(error)")
    }

    @Test func refusesAnXFSImageThatCannotBeMade() throws {
        #expect(try checksum(["FILESYSTEM": "xfs", "IMAGE_SIZE_MB": "300"]).count == 32)
        let error = #expect(throws: DriverError.self) {
            try checksum(["FILESYSTEM": "xfs", "IMAGE_SIZE_MB": "299"])
        }
        #expect(error?.description.contains("IMAGE_SIZE_MB") == true)
        #expect(error?.description.contains("is out of range for xfs; give 300 to 67108864 MB") == true)
    }

    @Test(arguments: [
        ("", "too early"), ("{}", "no list 'products'"), (#"{"products":[]}"#, "no list 'products'"),
        (#"{"products":{}}"#, "it lists no app"), ("<html>", "a value was expected"),
        (#"{"products":{"a:b:amd64:default":"#, "too early"),
    ]) func failsWhereTheCatalogIsNotWhole(_ catalog: String, _ reason: String) throws {
        let result = try report(catalog.utf8)
        #expect(result.reason?.contains(reason) == true && result.apps.isEmpty, "\(result.reason ?? "")")
    }

    @Test func endsEachMutationInAppsOrInOneLine() throws {
        let versions =
            #""20260101_00:00":{"items":{"root.squashfs":\#(item("images/s")),"root.tar.xz":\#(item("images/t"))}},"20260102_00:00":{"items":{"root.tar.xz":\#(item("images/u"))}}"#
        let catalog = Array("{\"products\":{\(good),\(product("alpine:3.19:arm64:default", versions))}}".utf8)
        var generator = SeededGenerator.fresh()
        var finished = 0
        let rounds = SeededGenerator.rounds(10_000)
        for _ in 0..<rounds {
            let result = try report(
                generator.mutated(
                    catalog,
                    tokens: ["\"", "\\", "]]>", "{", "}", "[", "null", "..", "$(id)", "://", "\n", ",", ":", "\u{7}"]))
            if let reason = result.reason {
                #expect(faultOfLine(reason) == nil && result.apps.isEmpty, "seed \(generator.seed): \(reason)")
            } else {
                finished += 1
                for app in result.apps {
                    let source = app["SOURCE"] ?? ""
                    #expect(
                        source.hasPrefix("lxd://http://127.0.0.1/") && !source.contains("$"), "seed \(generator.seed)")
                }
            }
        }
        #expect(finished > rounds / 20 && finished < rounds)
    }
}
