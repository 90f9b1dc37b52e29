import DriverProtocol
import Foundation
import Glibc
import Posix
import TestSupport
import Testing
import XML

/// `datastore/downloader.sh` and what it fetches from: web servers, S3 services, other hosts.
@Suite struct DownloaderTransferTests {
    private static let marketplace = "MARKETPLACE/TEMPLATE/"
    private let rig: DownloaderRig

    init() throws {
        rig = try DownloaderRig()
    }

    private func message(_ values: KeyValuePairs<String, String?>) throws -> DriverMessage {
        try DriverMessage("datastore-cp-from-app-http-qcow2").with("IMAGE/TEMPLATE/FROM_APP_MD5", nil).with(values)
    }

    // MARK: Web servers

    @Test func aWebServersFileComesWhole() throws {
        let source = try rig.directory.write("sources/disk", TestFiles.noise(10 << 20))
        try TestFiles.succeed(["zstd", "-q", source])
        let nginx = try Nginx(root: rig.sources)
        for (arguments, expected) in [
            ([nginx.url("/disk")], source), ([nginx.url("/disk.zst")], source),
            ([nginx.url("/disk").replacing("http:", with: "HTTP:")], source),
            (["-n", nginx.url("/disk.zst")], source + ".zst"),
        ] {
            rig.expectSuccess(try rig.download(arguments + [rig.target]))
            try rig.expectTarget(expected)
        }
        unlink(rig.target)
        let server = try FaultServer(root: rig.sources)
        try rig.expectNothing(try rig.download([server.url("/nothing"), rig.target]), "404")
        #expect(try server.requests().count == 1)
    }

    /// A break is gone on from, in the file as on standard output; with -o it is the end.
    @Test(arguments: ["file", "-"], [false, true])
    func aConnectionThatBreaks(_ target: String, _ noRetry: Bool) throws {
        let bytes = TestFiles.noise(3 << 20)
        let source = try rig.directory.write("sources/disk", bytes)
        let server = try FaultServer(root: rig.sources)
        let url = server.url("/~cut=100000-900000,3/disk")
        let script = "exec \"$@\" > '\(rig.target)'"
        let wrapper = target == "-" ? ["sh", "-c", script, "sh"] : []
        let outcome = try rig.download(
            (noRetry ? ["-o"] : []) + [url, target == "-" ? "-" : rig.target], through: wrapper)
        if noRetry {
            #expect(outcome.status == .exited(1) && outcome.reasons.count == 1, "\(outcome.errors)")
            #expect(try server.requests().count == 1)
            #expect(try target == "-" || rig.targets() == [])
        } else {
            rig.expectSuccess(outcome)
            try rig.expectTarget(source)
            #expect(try server.requests().count == 4)
        }
    }

    @Test func certificatesAreVerified() throws {
        let source = try rig.directory.write("sources/disk", TestFiles.noise(100_000))
        let certificate = try Certificate()
        let nginx = try Nginx(root: rig.sources, certificate: certificate)
        try rig.expectNothing(try rig.download([nginx.url("/disk"), rig.target]), "certificate", "CA_FILE")
        for (name, value) in [("CA_FILE", certificate.authorityFile), ("TLS_VERIFY", "NO")] {
            let message = try message([Self.marketplace + name: value])
            rig.expectSuccess(try rig.download([nginx.url("/disk"), rig.target], message: message))
            try rig.expectTarget(source)
        }
    }

    /// A part of a large file costs no more than what fits into the buffers of both sides, and one request, or one for a
    /// redirect and one for the file.
    @Test(arguments: [("/disk", 1), ("/disk.gz", 1), ("/moved", 2)])
    func aPartOfALargeFile(_ path: String, _ requests: Int) throws {
        let disk = try TestFiles.makeSparse(
            rig.sources + "/disk", length: 10 << 30, data: [0: TestFiles.noise(1 << 20)])
        // Much behind it that nobody asks for.
        try TestFiles.succeed([
            "sh", "-c", "{ head -c 1M \"$1\"; head -c 200M /dev/urandom; } | gzip -1 > \"$1.gz\"", "sh", disk,
        ])
        let log = rig.directory.path("log")
        let nginx = try Nginx(
            root: rig.sources, extra: "access_log \(log); location = /moved { return 302 /disk; }")
        rig.expectSuccess(try rig.download(["-c", "65536", nginx.url(path), rig.target]))
        #expect(try run(["cmp", "-n", "65536", disk, rig.target]).status.isSuccess)
        #expect(try TestFiles.status(rig.target).size == 65536)
        func lines() throws -> [[Substring]] {
            try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n").map { $0.split(separator: " ") }
        }
        #expect(try eventually(within: 60) { try lines().count == requests })
        let served = try lines().compactMap { $0.count > 9 ? Int($0[9]) : nil }
        #expect(served.count == requests && served.reduce(0, +) < 24 << 20, "\(served)")
    }

    @Test("a rate holds for every kind of source", arguments: ["http", "path", "ssh"], ["option", "message"])
    func limits(_ kind: String, _ place: String) throws {
        let bytes = TestFiles.noise(3 << 20)
        let bridge = kind == "ssh" ? try Bridge() : nil
        let source = try rig.directory.write("sources/disk", bytes)
        let nginx = kind == "http" ? try Nginx(root: rig.sources) : nil
        let from = bridge == nil ? nginx?.url("/disk") ?? source : "ssh://bridge1:" + source
        let begun = Clock.now
        let outcome = try rig.download(
            (place == "option" ? ["-l", "1M"] : []) + [from, rig.target],
            // The one who runs it has the last word.
            message: message(["DATASTORE/TEMPLATE/LIMIT_TRANSFER_BW": place == "option" ? "1G" : "1M"]),
            environment: bridge?.server.environment ?? [:])
        rig.expectSuccess(outcome)
        try rig.expectTarget(source)
        // One second's worth may come at once.
        #expect(Clock.now - begun > 1.5)
    }

    // MARK: Other sources

    @Test(arguments: [S3Server.Kind.ceph, .seaweed]) func anObjectOfABucket(_ kind: S3Server.Kind) throws {
        let server = try S3Server.shared(kind)
        let bucket = try BucketMarket(server, bucket: "downloader-\(kind)")
        let source = try rig.directory.write("sources/disk", TestFiles.noise(12 << 20))
        #expect(try bucket.act("import", bucket.importMessage(source)).status == .exited(0))
        let key = try #require(try server.ask("keys", bucket.bucket).first)
        let location = "s3://\(bucket.bucket)/\(key)"
        let message = try message([
            "IMAGE/PATH": location, "IMAGE/TEMPLATE/FROM_APP_MD5": TestFiles.md5(source),
            Self.marketplace + "BUCKET": bucket.bucket, Self.marketplace + "ENDPOINT": server.endpoint,
            Self.marketplace + "ACCESS_KEY_ID": server.accessKey,
            Self.marketplace + "SECRET_ACCESS_KEY": server.secretKey, Self.marketplace + "FORCE_PATH_STYLE": "YES",
            Self.marketplace + "AWS": "NO", Self.marketplace + "REGION": "default",
        ])
        rig.expectSuccess(try rig.download(["-n", location, rig.target], message: message))
        try rig.expectTarget(source)
        rig.expectSuccess(try rig.download(["-c", "1000", location, rig.target], message: message))
        #expect(try TestFiles.status(rig.target).size == 1000)
        unlink(rig.target)
        try rig.expectNothing(try rig.download([location, rig.target]), "DRV_ACTION", "pass the message")
        let wrong = message.with(Self.marketplace + "SECRET_ACCESS_KEY", "wrong")
        try rig.expectNothing(try rig.download([location, rig.target], message: wrong), location)
    }

    @Test func aFileOfAnotherHost() throws {
        let bridge = try Bridge()
        let source = try rig.directory.write("sources/it's a disk", TestFiles.noise(5 << 20))
        let from = "ssh://bridge1:" + source
        rig.expectSuccess(
            try rig.download(["-m", TestFiles.md5(source), from, rig.target], environment: bridge.server.environment))
        try rig.expectTarget(source)
        rig.expectSuccess(try rig.download(["-c", "4096", from, rig.target], environment: bridge.server.environment))
        #expect(try TestFiles.status(rig.target).size == 4096)
        unlink(rig.target)
        try rig.expectNothing(
            try rig.download([from + "2", rig.target], environment: bridge.server.environment), "No such file")
    }

    /// Under DRV_ACTION, as a command of this machine's Ceph or over ssh; and the head of it, which ends rbd early.
    @Test(arguments: CephMarket.Way.allCases) func anImageOfACephPool(_ way: CephMarket.Way) throws {
        let ceph = try CephMarket(way)
        let name = "downloader-\(CephMarket.newID())"
        let source = try TestFiles.makeSparse(
            rig.sources + "/disk", length: 40_000_001,
            data: [0: TestFiles.noise(1 << 20), 30 << 20: TestFiles.noise(9)]
        )
        try ceph.rig.ask("import", "--no-progress", source, "one/" + name)
        defer { _ = try? ceph.rig.rbd("rm", "--no-progress", "one/" + name) }
        let told = try XMLParser.parse(
            Array(ceph.act("datastore-ceph-export", ceph.exportMessage("one/" + name)).output.utf8))
        let location = try #require(told.element(at: "IMPORT_SOURCE")?.text)
        func download(_ arguments: [String], md5: String? = nil) throws -> Outcome {
            try run(
                [DownloaderRig.program] + arguments,
                environment: ceph.environment.merging([
                    "ONE_LOCATION": ceph.market.directory.path,
                    "DRV_ACTION": String(
                        decoding: message(["IMAGE/PATH": location, "IMAGE/TEMPLATE/MD5": md5]).base64, as: UTF8.self),
                ]) { $1 })
        }
        rig.expectSuccess(try download(["-n", location, rig.target], md5: TestFiles.md5(source)))
        try rig.expectTarget(source)
        #expect(try TestFiles.status(rig.target).allocatedSize < 8 << 20)
        rig.expectSuccess(try download(["-c", "65536", location, rig.target]))
        #expect(try TestFiles.status(rig.target).size == 65536)
        #expect(try run(["cmp", "-n", "65536", source, rig.target]).status.isSuccess)
        unlink(rig.target)
        let other = String(repeating: "0", count: 32)
        try rig.expectNothing(
            try download([location, rig.target], md5: other), "its MD5 is", "where \(other) was expected")
        let missing = try download([location.replacing(name, with: "none"), rig.target])
        try rig.expectNothing(missing, "one/none", "(2) No such file or directory", "rbd ls")
        #expect(try !missing.errors.contains(ceph.rig.key))
    }

    @Test(arguments: [
        "", "http://", "ssh://host", "/nowhere", "/tmp", "/dev/null", "lxd://x", "s3://bucket", "rbd://h",
        "rbd://h/one/one-1?K=v",
    ])
    func whatIsNoSource(_ source: String) throws {
        try rig.expectNothing(try rig.download([source, rig.target]), "Cannot ")
    }

    // MARK: The stock script

    @Test(arguments: [
        "restic://1/2?x=1", "rsync+rbd://h/x", "restic+rbd://h/x", "onebex://1:2", "netapp:///vol/x", "x://",
    ])
    func whatIsNotServedIsTheStockScripts(_ source: String) throws {
        let arguments = ["--nodecomp", "-l", "1M", source, "a target"]
        try rig.expectNothing(
            try rig.download(arguments), "downloader.sh.stock: No such file or directory", "OpenNebula's own driver")

        _ = try rig.directory.makeDirectory("var/remotes/datastore")
        let script = "#!/bin/sh\nprintf '%s\\n' \"$@\" \"$DRV_ACTION\"; cat\necho stock >&2\nexit 255\n"
        try rig.directory.write("var/remotes/datastore/downloader.sh.stock", script.utf8, mode: 0o755)
        let message = try message([:])
        let outcome = try rig.download(arguments, message: message)
        #expect(outcome.status == .exited(255))
        let text = String(decoding: message.base64, as: UTF8.self)
        #expect(outcome.output == (arguments + [text, "the rest of a script"]).map { $0 + "\n" }.joined())
        let scheme = source.prefix { $0 != ":" }
        #expect(outcome.errors.contains("INFO: 0 datastore/downloader.sh: \(scheme):// is not served"))
        #expect(outcome.reasons == ["stock"])
        try rig.expectNothing(
            try rig.download(["--sha256", String(repeating: "0", count: 64), source, rig.target]), "--sha256")
    }

    @Test func aStockScriptThatIsOursEndsAtOnce() throws {
        _ = try rig.directory.makeDirectory("var/remotes/datastore")
        let launcher = "#!/bin/sh\nexec '\(DownloaderRig.program)' \"$@\"\n"
        try rig.directory.write("var/remotes/datastore/downloader.sh.stock", launcher.utf8, mode: 0o755)
        try rig.expectNothing(try rig.download(["restic://1/2", rig.target]), "it is our own driver")
    }

    // MARK: Ends

    @Test func aSignalLeavesNothing() throws {
        let source = try rig.directory.write("sources/disk", TestFiles.noise(1 << 20))
        let server = try FaultServer(root: rig.sources)
        for (from, target) in [
            (server.url("/~stall=500000,9/disk"), rig.target), (server.url("/~slow=200000/disk"), rig.target),
            (source, try TestFiles.makePipe(rig.directory.path("pipe"))),
        ] {
            let child = try Child([DownloaderRig.program, from, target], output: .null)
            #expect(eventually(within: 60) { Progress.catchesSignals(child.pid) })
            usleep(300_000)
            child.send(SIGTERM)
            #expect(child.reap(within: 60) == .exited(1))
            #expect(child.lastComplaint()?.contains("ended by signal 15") == true)
            #expect(try rig.targets() == [])
        }
    }

    @Test func memoryDoesNotGrowWithTheImage() throws {
        let source = rig.sources + "/disk"
        try TestFiles.succeed(["sh", "-c", "head -c 400M /dev/urandom > \"$1\"", "sh", source])
        let nginx = try Nginx(root: rig.sources)
        let outcome = try rig.download(
            ["-m", TestFiles.md5(source), nginx.url("/disk"), rig.target], through: Memory.measure)
        rig.expectSuccess(outcome)
        try rig.expectTarget(source)
        #expect(try Memory.peak(outcome) < 64 << 10)
    }
}
