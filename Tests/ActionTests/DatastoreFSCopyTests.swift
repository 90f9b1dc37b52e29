import DriverProtocol
import Foundation
import Glibc
import Posix
import TestSupport
import Testing

/// `datastore/fs/cp`: images that oned registers, from apps and from files that users name.
@Suite struct DatastoreFSCopyTests {
    private static let template = "DATASTORE/TEMPLATE/"
    private static let image = "IMAGE/TEMPLATE/"
    private let market: LocalMarket
    private let sources: String

    init() throws {
        market = try LocalMarket()
        sources = try market.directory.makeDirectory("sources")
    }

    /// The recorded message of a local image, which lies in SAFE_DIRS while all else is restricted.
    private func message(_ path: String) throws -> DriverMessage {
        try DriverMessage("datastore-cp-local-raw").with([
            "IMAGE/PATH": path, "DATASTORE/BASE_PATH": market.datastore, Self.template + "RESTRICTED_DIRS": "/",
            Self.template + "SAFE_DIRS": sources,
        ])
    }

    private func copy(_ message: DriverMessage, id: String = "7") throws -> Outcome {
        try market.act("datastore-fs-cp", arguments: [id], input: message.base64)
    }

    /// Returns the file and the format of a reply: the only file in the datastore.
    private func stored(_ outcome: Outcome) throws -> (path: String, format: String) {
        #expect(outcome.status == .exited(0) && outcome.reasons == [], "\(outcome.errors)")
        let answer = try #require(outcome.output.wholeMatch(of: /(.+)\/([0-9a-f]{32}) ([a-z0-9]+)\n/))
        #expect(answer.1 == market.datastore)
        #expect(try market.directory.names(in: "datastore") == [String(answer.2)])
        let path = market.datastore + "/" + answer.2
        #expect(try TestFiles.status(path).mode & 0o7777 == 0o660)
        return (path, String(answer.3))
    }

    private func refuses(
        _ message: DriverMessage, _ parts: String..., sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        expectRefusal(try copy(message), parts, sourceLocation: sourceLocation)
        #expect(try market.directory.names(in: "datastore") == [], sourceLocation: sourceLocation)
    }

    @Test("a local image comes whole, its holes with it, its compression undone", arguments: ["cat", "gzip", "zstd"])
    func localImage(_ compressor: String) throws {
        let plain = try TestFiles.makeSparse(
            market.directory.path("plain"), length: 9_000_001, data: [8_000_000: TestFiles.noise(100_000)])
        try TestFiles.succeed(["sh", "-c", "\"$1\" < \"$2\" > \"$3\"", "sh", compressor, plain, sources + "/image"])
        let (path, format) = try stored(copy(message(sources + "/image")))
        #expect(format == "raw")
        #expect(try run(["cmp", plain, path]).status.isSuccess)
        #expect(try TestFiles.status(path).allocatedSize < 1 << 20)
    }

    @Test("a disk that is larger than oned was told is named", arguments: [(3, true), (4, false)])
    func statedSize(_ stated: Int, _ isNamed: Bool) throws {
        let plain = try TestFiles.makeSparse(sources + "/disk", length: (3 << 20) + 1, data: [:])
        try TestFiles.succeed(["zstd", "-q", plain])
        let outcome = try copy(message(plain + ".zst").with("IMAGE/SIZE", "\(stated)"))
        _ = try stored(outcome)
        #expect(outcome.errors.contains("WARN: ") == isNamed)
        #expect(outcome.errors.contains("the image's disk has 4 MB, and oned counts 3 MB for it") == isNamed)
    }

    @Test("an app comes with the bytes that its MD5 stands for, or not at all")
    func app() throws {
        let nginx = try Nginx(root: sources)
        let disk = try TestFiles.makeImage(sources + "/app", format: "qcow2", size: "64M")
        let app = try DriverMessage("datastore-cp-from-app-http-qcow2").with([
            "IMAGE/PATH": nginx.url("/app"), "DATASTORE/BASE_PATH": market.datastore,
            Self.image + "FROM_APP_MD5": TestFiles.md5(disk),
        ])
        let (path, format) = try stored(copy(app))
        #expect(format == "qcow2")
        #expect(try run(["cmp", disk, path]).status.isSuccess)
        unlink(path)

        let other = String(repeating: "0", count: 32)
        try refuses(app.with(Self.image + "FROM_APP_MD5", other), "its MD5 is ", "where \(other) was expected")
        try refuses(app.with("IMAGE/PATH", nginx.url("/nothing")), "404")
    }

    @Test("BASE_PATH comes back as oned wrote it")
    func doubledSlash() throws {
        let image = try market.directory.write("sources/image", TestFiles.noise(1000))
        try refuses(
            message(image).with("DATASTORE/BASE_PATH", market.datastore + " 2"), "has a space in it", "without spaces")
        let base = market.directory.path("/datastore")
        #expect(try copy(message(image).with("DATASTORE/BASE_PATH", base)).output.hasPrefix(base + "/"))
    }

    /// Type of image and of datastore, the datastore's format, and the format that a qcow2 image gets.
    @Test(arguments: [
        ("0", "0", nil, nil, "qcow2"), ("0", "0", "raw", nil, "raw"), ("0", "0", "raw", "NO", "qcow2"),
        ("0", "0", "qcow2", nil, "qcow2"), ("1", "0", "raw", nil, "qcow2"), ("0", "2", "raw", nil, "qcow2"),
    ])
    func converts(_ image: String, _ datastore: String, _ wanted: String?, _ converts: String?, _ got: String) throws {
        let disk = try TestFiles.makeImage(sources + "/image", format: "qcow2", size: "64M")
        try TestFiles.succeed(["qemu-io", "-f", "qcow2", "-c", "write -P 7 1M 64k", disk])
        let (path, format) = try stored(
            copy(
                message(disk).with([
                    "IMAGE/TYPE": image, "DATASTORE/TYPE": datastore, Self.template + "DRIVER": wanted,
                    Self.template + "CONVERT": converts,
                ])))
        #expect(format == got)
        #expect(try run(["qemu-img", "compare", "-q", "-f", "qcow2", "-F", got, disk, path]).status.isSuccess)
    }

    @Test("a datastore of files keeps an archive as it is, unless it says otherwise")
    func files() throws {
        let plain = try market.directory.write("sources/plain", TestFiles.noise(100_000))
        try TestFiles.succeed(["gzip", "-k", plain])
        let files = try message(plain + ".gz").with("DATASTORE/TYPE", "2")
        for (keeps, expected) in [(nil, plain + ".gz"), ("NO", plain)] {
            let (path, format) = try stored(copy(files.with(Self.template + "NO_DECOMPRESS", keeps)))
            #expect(format == "raw")
            #expect(try run(["cmp", expected, path]).status.isSuccess)
            unlink(path)
        }
    }

    @Test("a LUKS disk is raw, and nothing is made of it", arguments: [1, 2])
    func encrypted(_ version: UInt8) throws {
        let header: [UInt8] = Array("LUKS".utf8) + [0xBA, 0xBE, 0, version]
        let disk = try market.directory.write("sources/disk", header + TestFiles.noise(1 << 20))
        let (path, format) = try stored(copy(message(disk).with(Self.template + "DRIVER", "qcow2")))
        #expect(format == "raw")
        #expect(try run(["cmp", disk, path]).status.isSuccess)
    }

    @Test("SPARSE = NO gives every block its room")
    func allocated() throws {
        let disk = try TestFiles.makeSparse(sources + "/disk", length: 8 << 20, data: [0: TestFiles.noise(4096)])
        let (path, _) = try stored(copy(message(disk).with(Self.template + "SPARSE", "NO")))
        #expect(try TestFiles.status(path).allocatedSize >= 8 << 20)
        #expect(try run(["cmp", disk, path]).status.isSuccess)
    }

    @Test("an image that reads other files is refused", arguments: [nil, "qcow2"])
    func backingFile(_ format: String?) throws {
        let base = try TestFiles.makeImage(sources + "/base", format: "raw", size: "1M")
        let disk = try TestFiles.makeImage(
            sources + "/disk", format: "qcow2", size: "1M", options: ["-F", "raw", "-b", base])
        try refuses(message(disk).with(Self.image + "FORMAT", format), "it has a backing file", "make it whole first")
    }

    // MARK: Digests

    @Test("each digest is checked, in any case of letters, and names itself")
    func digests() throws {
        let disk = try market.directory.write("sources/disk", TestFiles.noise(100_000))
        let right = try [
            "MD5": TestFiles.md5(disk).uppercased(), "SHA256": TestFiles.sha256(disk),
            "SHA1": String(TestFiles.succeed(["sha1sum", disk]).output.prefix(40)),
        ]
        let all = try right.reduce(message(disk)) { $0.with(Self.image + $1.key, $1.value) }
        unlink(try stored(copy(all)).path)
        for (name, value) in right {
            let wrong = String(repeating: "0", count: value.count)
            try refuses(all.with(Self.image + name, wrong), "its \(name) is ", "where \(wrong) was expected")
            try refuses(all.with(Self.image + name, "x"), "is no \(name) checksum")
        }
        try refuses(
            all.with(Self.image + "FROM_APP_MD5", String(repeating: "1", count: 32)), "Cannot verify the image")
    }

    // MARK: Paths

    /// RESTRICTED_DIRS, SAFE_DIRS and a path, each below the test's directory, and whether it may be read.
    @Test(arguments: [
        ("", "", "sources/disk", true), ("/", "", "sources/disk", false), ("/", "sources", "sources/disk", true),
        ("sources", "", "sources/disk", false), ("sources", "", "sources2/disk", true),
        ("/", "sources", "sources2/disk", false), ("/", "sourc", "sources/disk", false),
        ("/", "sources", "sources/../sources2/disk", false), ("/", "sources", "sources//./disk", true),
        ("/", "sources", "sources/out", false), ("sources2", "", "sources/out", false),
        ("linked", "", "sources2/disk", false), ("/", "linked", "sources2/disk", true),
        ("", "", "var/secret", false), ("", "", "etc/secret", false),
        ("", "", "home/secret", false), ("", "var", "var/secret", true), ("", "", "sources/secret", false),
    ])
    func readsWhatItMay(_ restricted: String, _ safe: String, _ path: String, _ isAllowed: Bool) throws {
        for directory in ["sources2", "var", "etc", "home"] { _ = try market.directory.makeDirectory(directory) }
        for file in ["sources/disk", "sources2/disk", "var/secret", "etc/secret", "home/secret"] {
            try market.directory.write(file, TestFiles.noise(1000))
        }
        for (link, target) in [
            ("linked", "sources2"), ("sources/out", "../sources2/disk"), ("sources/secret", "../home/secret"),
        ] {
            try FileManager.default.createSymbolicLink(
                atPath: market.directory.path(link), withDestinationPath: target)
        }
        func full(_ name: String) -> String { name.isEmpty || name == "/" ? name : market.directory.path(name) }
        let message = try message(market.directory.path(path)).with([
            Self.template + "RESTRICTED_DIRS": full(restricted), Self.template + "SAFE_DIRS": full(safe),
        ])
        let outcome = try market.act(
            "datastore-fs-cp", arguments: ["7"], input: message.base64,
            environment: ["HOME": market.directory.path("home")])
        if isAllowed {
            _ = try stored(outcome)
        } else {
            expectRefusal(outcome, ["RESTRICTED_DIRS", "SAFE_DIRS"])
            #expect(try market.directory.names(in: "datastore") == [])
        }
    }

    @Test(
        "what is no image of this machine is refused",
        arguments: [
            ("disk", "is no absolute path"), ("/nowhere/disk", "No such file or directory"), ("/dev/null", "it is "),
            ("/tmp", "it is "), ("http://", "Cannot "),
        ])
    func odd(_ path: String, _ cause: String) throws {
        try refuses(message(path).with(Self.template + "SAFE_DIRS", "/tmp /dev /nowhere"), cause)
    }

    @Test(
        "what cannot be meant is refused, and not passed over",
        arguments: [
            ("DATASTORE/TEMPLATE/RESTRICTED_DIRS", "/,/tmp", "is no list of directories"),
            ("DATASTORE/TEMPLATE/RESTRICTED_DIRS", "/ /tmp/*", "is no list of directories"),
            ("DATASTORE/TEMPLATE/SAFE_DIRS", "/sources*", "is no list of directories"),
            ("DATASTORE/TEMPLATE/SAFE_DIRS", "sources", "is no list of directories"),
            ("IMAGE/TEMPLATE/FORMAT", "blkdebug", "is no image format"), ("IMAGE/ID", "../x", "is no id of oned's"),
            ("IMAGE/ID", "99999999999999999999", "is no id of oned's"),
        ])
    func unusable(_ path: String, _ value: String, _ cause: String) throws {
        let image = try market.directory.write("sources/image", TestFiles.noise(1000))
        let outcome = try market.act("datastore-fs-cp", input: message(image).with(path, value).base64)
        expectRefusal(outcome, [cause])
        #expect(try market.directory.names(in: "datastore") == [])
    }

    @Test("two checksums that differ are told as that")
    func contradictions() throws {
        let image = try market.directory.write("sources/image", TestFiles.noise(1000))
        let zeros = String(repeating: "0", count: 32)
        let message = try message(image).with([
            "IMAGE/TEMPLATE/MD5": TestFiles.md5(image), "IMAGE/TEMPLATE/FROM_APP_MD5": zeros,
        ])
        try refuses(message, "it cannot have both MD5s that are stated", zeros)
    }

    // MARK: The stock script's part

    @Test("what is not served here is the stock script's", arguments: ["restic://1/2", "rsync+rbd://h/x", "nfs"])
    func stockScript(_ path: String) throws {
        let message =
            try path == "nfs"
            ? message(sources + "/x").with(Self.template + "NFS_AUTO_ENABLE", "YES") : message(path)
        try refuses(message, "datastore/fs/cp.stock: No such file or directory", "OpenNebula's own driver")

        let record = market.directory.path("record")
        _ = try market.directory.makeDirectory("var/remotes/datastore/fs")
        try market.directory.write(
            "var/remotes/datastore/fs/cp.stock",
            Array("#!/bin/sh\n{ echo \"$@\"; cat; } > '\(record)'\nkill -PIPE $$\n".utf8), mode: 0o755)
        let outcome = try copy(message)
        #expect(outcome.status == .signalled(SIGPIPE))
        #expect(outcome.errors.contains("the stock script does it"))
        let lines = try String(contentsOfFile: record, encoding: .utf8).split(separator: "\n")
        #expect(lines.first == "7")
        #expect(
            try Message(text: Array(lines[1].utf8)).value("IMAGE/PATH") == message.root.element(at: "IMAGE/PATH")?.text)
    }

    // MARK: Ends

    @Test("a signal at any moment leaves nothing half-done", arguments: [SIGTERM, SIGKILL])
    func signals(_ signal: Int32) throws {
        var random = SeededGenerator(seed: 7)
        let disk = try market.directory.write("sources/disk", TestFiles.noise(40 << 20))
        let begun = Clock.now
        unlink(try stored(copy(message(disk))).path)
        let moments = Moment.spread(50, duration: Clock.now - begun, bytes: 80 << 20, using: &random)
        for moment in moments {
            let action = try RunningAction("datastore-fs-cp", message(disk), in: market, watched: market.datastore)
            action.wait(for: moment)
            action.send(signal)
            let outcome = try action.finish()
            let names = try market.directory.names(in: "datastore")
            let visible = names.filter { !$0.hasPrefix(".") }
            #expect(signal == SIGKILL || names == visible)
            #expect(outcome.output.isEmpty ? signal == SIGKILL || visible.isEmpty : visible.count == 1)
            for name in visible {
                #expect(try run(["cmp", disk, market.datastore + "/" + name]).status.isSuccess)
                unlink(market.datastore + "/" + name)
            }
        }
        // The next one removes the rest of a killed one.
        _ = try stored(copy(message(disk)))
    }

    @Test("a full disk is told in one line, and nothing stays", .enabled(if: geteuid() == 0, "mounts need root"))
    func fullDisk() throws {
        let disk = try market.directory.write("sources/disk", TestFiles.noise(20 << 20))
        try TestFiles.succeed(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", market.datastore])
        defer { _ = try? run(["umount", "-l", market.datastore]) }
        try refuses(message(disk), "MB are free", "free some space there")
    }
}
