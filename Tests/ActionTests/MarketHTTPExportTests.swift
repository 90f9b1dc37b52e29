import DriverProtocol
import Foundation
import Glibc
import Posix
import TestSupport
import Testing

/// Apps that a web server serves, brought into a datastore.
@Suite struct MarketHTTPExportTests {
    private static let driver = "DATASTORE/TEMPLATE/DRIVER"
    private let market: LocalMarket
    private let nginx: Nginx

    init() throws {
        market = try LocalMarket()
        nginx = try Nginx(root: market.publicDirectory)
    }

    private func message(_ format: String? = "raw", md5: String? = nil) throws -> DriverMessage {
        try market.appExportMessage("app", from: nginx.url(""), format: format).with("MARKETPLACEAPP/MD5", md5)
    }

    private func export(_ message: DriverMessage, environment: [String: String] = [:]) throws -> Outcome {
        try market.act("market-http-export", message, environment: environment)
    }

    /// Returns the file of a reply, which must be the only one in the datastore.
    private func file(of reply: Template) throws -> String {
        let source = try #require(reply["SOURCE"])
        #expect(source.hasPrefix(market.datastore + "/"))
        #expect(try market.directory.names(in: "datastore").map { market.datastore + "/" + $0 } == [source])
        #expect(try TestFiles.status(source).mode & 0o7777 == 0o660)
        #expect(try reply["MD5"] == TestFiles.md5(source))
        return source
    }

    /// Compresses `path` to a file of that name, and returns its path.
    private func compress(_ path: String, _ compressor: String, _ name: String) throws -> String {
        let target = market.directory.path(name)
        try TestFiles.succeed(["sh", "-c", "\"$1\" < \"$2\" > \"$3\"", "sh", compressor, path, target])
        return target
    }

    /// The app's plain content: data, a hole, and blocks of zeros that are none.
    private func makeContent(_ name: String) throws -> String {
        try TestFiles.makeSparse(
            market.directory.path(name), length: 9_000_001,
            data: [
                0: TestFiles.noise(1 << 20) + [UInt8](repeating: 0, count: 1 << 20),
                8_000_000: TestFiles.noise(100_000),
            ])
    }

    @Test(arguments: ["cat", "gzip", "bzip2", "xz", "zstd", "pzstd", "lz4"])
    func storesThePlainImage(_ compressor: String) throws {
        let content = try makeContent("content")
        let app = try compress(content, compressor, "public/app")
        // The app's checksums are those of the bytes that are served.
        let message = try message(md5: TestFiles.md5(app).uppercased()).with(
            "MARKETPLACEAPP/TEMPLATE/SHA256", TestFiles.sha256(app))
        let outcome = try export(message)
        let reply = try reply(of: outcome)
        let stored = try file(of: reply)
        #expect(try run(["cmp", content, stored]).status.isSuccess)
        #expect(reply["SIZE"] == "9" && reply["FORMAT"] == "raw")
        #expect(try TestFiles.status(stored).allocatedSize < 2 << 20)
        #expect(reply.attributes.map(\.name) == ["SOURCE", "MD5", "SIZE", "FORMAT"])

        if compressor == "cat" { return }
        unlink(stored)
        let whole = try export(message.with("DATASTORE/TEMPLATE/NO_DECOMPRESS", "YES"))
        let kept = try Template(parsing: whole.output)
        #expect(try run(["cmp", app, file(of: kept)]).status.isSuccess)
    }

    /// The app's kind, the datastore's format, and the file that it gets.
    @Test(arguments: [
        ("raw", nil, nil, "raw"), ("raw", "raw", nil, "raw"), ("raw", "qcow2", nil, "qcow2"),
        ("raw", "qcow2", "no", "raw"), ("qcow2", nil, nil, "qcow2"), ("qcow2", "qcow2", nil, "qcow2"),
        ("qcow2", "raw", nil, "raw"), ("qcow2", "raw", "NO", "qcow2"), ("vmdk", "qcow2", nil, "qcow2"),
    ])
    func convertsToTheDatastoresFormat(_ format: String, _ wanted: String?, _ converts: String?, _ got: String) throws {
        let content = try market.directory.write("content", TestFiles.noise(3 << 20))
        let app = market.publicDirectory + "/app"
        try TestFiles.succeed(["qemu-img", "convert", "-f", "raw", "-O", format, content, app])
        for declared in format == "raw" ? ["raw"] : [format, nil] {
            let message = try message(declared).with([Self.driver: wanted, "DATASTORE/TEMPLATE/CONVERT": converts])
            let reply = try reply(of: export(message))
            let stored = try file(of: reply)
            #expect(reply["FORMAT"] == got && reply["SIZE"] == "3")
            let compare = ["qemu-img", "compare", "-q", "-f", "raw", "-F", got, content, stored]
            #expect(try run(compare).status.isSuccess)
            unlink(stored)
        }
    }

    @Test func makesTheDatastoresDirectory() throws {
        try market.directory.write("public/app", TestFiles.noise(1000))
        try FileManager.default.removeItem(atPath: market.datastore)
        expectRefusal(try export(message(md5: String(repeating: "0", count: 32))), ["its MD5 is "])
        #expect(!FileManager.default.fileExists(atPath: market.datastore))
        _ = try file(of: reply(of: export(message())))
    }

    /// What is in the archive is not looked at, and the archive itself is no disk that could be converted.
    @Test func keepsAnArchiveAsItIs() throws {
        let disk = market.directory.path("disk")
        try TestFiles.succeed(["qemu-img", "create", "-q", "-f", "qcow2", disk, "64M"])
        let app = try compress(disk, "gzip", "public/app")
        let message = try message("qcow2", md5: TestFiles.md5(app)).with([
            "DATASTORE/TEMPLATE/NO_DECOMPRESS": "YES", Self.driver: "raw", "MARKETPLACEAPP/SIZE": "64",
        ])
        let reply = try reply(of: export(message))
        #expect(reply["FORMAT"] == "qcow2" && reply["SIZE"] == "64")
        #expect(try run(["cmp", app, file(of: reply)]).status.isSuccess)
    }

    private func refuses(
        _ message: DriverMessage, _ parts: [String], environment: [String: String] = [:],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        expectRefusal(try export(message, environment: environment), parts, sourceLocation: sourceLocation)
        #expect(try market.directory.names(in: "datastore") == [], sourceLocation: sourceLocation)
    }

    private static let zeroDigest = String(repeating: "0", count: 64)

    @Test(arguments: [
        ("MARKETPLACEAPP/MD5", String(zeroDigest.prefix(32)), "its MD5 is ", "check the source"),
        ("MARKETPLACEAPP/TEMPLATE/SHA256", zeroDigest, "its SHA256 is ", "check the source"),
        ("MARKETPLACEAPP/MD5", "x", "is no MD5 checksum", "32 hexadecimal digits"),
        ("MARKETPLACEAPP/TEMPLATE/SHA256", "x", "is no SHA256 checksum", "64 hexadecimal digits"),
        ("MARKETPLACEAPP/FORMAT", "qcow2", "its format is said to be qcow2", "correct the"),
        ("MARKETPLACEAPP/FORMAT", "a b", "is no image format", "write raw, qcow2"),
        ("DATASTORE/TEMPLATE/DRIVER", "a b", "is no image format", "write raw, qcow2"),
        ("MARKETPLACEAPP/FORMAT", "nosuch", "is no format that qemu-img can read", "qemu-img --help"),
        ("DATASTORE/TEMPLATE/DRIVER", "nosuch", "is no format that qemu-img can write", "qemu-img --help"),
        ("DATASTORE/TEMPLATE/DRIVER", "dmg", "is no format that qemu-img can write", "qemu-img --help"),
        ("DATASTORE/TEMPLATE/CONVERT", "maybe", "is neither YES nor NO", "write YES or NO"),
        ("DATASTORE/TEMPLATE/LIMIT_TRANSFER_BW", "fast", "is no rate", "as in 10M"),
        ("DATASTORE/TEMPLATE/LIMIT_TRANSFER_BW", "1099511627776G", "is no rate", "as in 10M"),
        ("DATASTORE/TEMPLATE/NO_DECOMPRESS", "maybe", "is neither YES nor NO", "write YES or NO"),
        ("DATASTORE/DS_MAD", "nosuch", "is no datastore that apps can be brought into", "use one of"),
        ("MARKETPLACEAPP/SOURCE", "http://elsewhere.example/app", "does not begin with BASE_URL", "restore BASE_URL"),
        ("DATASTORE/BASE_PATH", "/nowhere/at/all", "No such file or directory", "check that it exists"),
        ("DATASTORE/BASE_PATH", "/dev/null", "Not a directory", "check the path"),
        ("DATASTORE/BASE_PATH", "relative", "'relative'", "begin it with /"),
    ])
    func refusesWhatIsWrong(_ path: String, _ value: String, _ cause: String, _ remedy: String) throws {
        try market.directory.write("public/app", TestFiles.noise(200_000))
        try refuses(message().with(path, value), [cause, remedy])
    }

    @Test func tellsWhatTheUserMayNotWrite() throws {
        try market.directory.write("public/app", TestFiles.noise(1000))
        chmod(market.datastore, 0o555)
        defer { chmod(market.datastore, 0o755) }
        let input = try message().base64
        let outcome = try market.act("market-http-export", input: input, through: LocalMarket.unprivileged)
        expectRefusal(outcome, [market.datastore, "Permission denied", "(oneadmin) use it"])
        #expect(try market.directory.names(in: "datastore") == [])
    }

    @Test func refusesAnAppThatIsNotServed() throws {
        try refuses(message(), ["Cannot ", "404"])
    }

    @Test(arguments: ["gzip", "bzip2", "xz", "zstd", "lz4"])
    func refusesADamagedArchive(_ compressor: String) throws {
        let path = try compress(market.directory.write("content", TestFiles.noise(2 << 20)), compressor, "archive")
        let archive = [UInt8](try Data(contentsOf: URL(filePath: path)))
        var damaged = archive
        for offset in stride(from: archive.count / 2, to: archive.count - 1000, by: 97) { damaged[offset] ^= 0x5A }
        for bytes in [Array(archive.dropLast(5)), Array(archive[..<(archive.count / 2)]), damaged] {
            try market.directory.write("public/app", bytes)
            try refuses(
                message(), ["Cannot decompress the image", "\(compressor) failed: ", "check the file for damage"])
        }
    }

    @Test(arguments: [
        ("gzip", "gzip"), ("bzip2", "bzip2"), ("xz", "xz-utils"), ("zstd", "zstd"), ("lz4", "lz4"),
    ])
    func namesThePackageOfAMissingDecompressor(_ compressor: String, _ package: String) throws {
        _ = try compress(market.directory.write("content", TestFiles.noise(1000)), compressor, "public/app")
        try refuses(
            message(), ["\(compressor): No such file or directory; install the package \(package)"],
            environment: ["PATH": "/nowhere"])
    }

    @Test func namesThePackageOfAMissingQemu() throws {
        try market.directory.write("public/app", TestFiles.noise(1000))
        for message in [try message(nil), try message().with(Self.driver, "qcow2")] {
            try refuses(
                message, ["No such file or directory; install the package qemu-utils"],
                environment: ["PATH": "/nowhere"])
        }
    }

    @Test(arguments: ["qcow2", nil])
    func refusesAnImageInSeveralFiles(_ format: String?) throws {
        let base = try market.directory.write("base", TestFiles.noise(1 << 20))
        let app = market.publicDirectory + "/app"
        try TestFiles.makeImage(app, format: "qcow2", size: "1M", options: ["-b", base, "-F", "raw"])
        try refuses(message(format).with(Self.driver, "raw"), ["it has a backing file", "make it whole first"])
    }

    /// Declared raw it is a disk that happens to begin so; nothing in it is followed.
    @Test func rawStaysRaw() throws {
        let secret = try market.directory.write("secret", [1])
        let app = market.publicDirectory + "/app"
        try TestFiles.makeImage(app, format: "qcow2", size: "1G", options: ["-b", secret, "-F", "raw"])
        let reply = try reply(of: export(message("raw")))
        #expect(try reply["FORMAT"] == "raw" && run(["cmp", app, file(of: reply)]).status.isSuccess)
    }
}
