import DriverProtocol
import Foundation
import Glibc
import Posix
import TestSupport
import Testing

/// `datastore/ceph/cp` on a real cluster.
@Suite(.serialized) struct DatastoreCephCopyTests {
    private static let template = "DATASTORE/TEMPLATE/"
    private static let image = "IMAGE/TEMPLATE/"
    private let id = CephMarket.newID()

    private func sparse(_ ceph: CephMarket) throws -> String {
        try TestFiles.makeSparse(
            ceph.market.directory.path("plain"), length: 300_000_001,
            data: [
                0: TestFiles.noise(5000), 70_000_000: TestFiles.noise(9_000_000), 299_999_000: TestFiles.noise(1001),
            ])
    }

    @Test("an image comes whole, its holes with it", arguments: CephMarket.Way.allCases, ["cat", "gzip", "zstd"])
    func localImage(_ way: CephMarket.Way, _ compressor: String) throws {
        let ceph = try CephMarket(way)
        let plain = try sparse(ceph)
        try TestFiles.succeed([
            "sh", "-c", "\"$1\" < \"$2\" > \"$3\"", "sh", compressor, plain, ceph.sources + "/image",
        ])
        let outcome = try ceph.copy(ceph.copyMessage(ceph.sources + "/image"), id: id)
        if outcome.status.isSuccess { #expect(try ceph.rig.usage(of: "one/one-\(id)") <= 24 << 20) }
        try ceph.expectStored(outcome, id: id, plain)
    }

    @Test("a length of any number of bytes is kept", arguments: [0, 1, 511, 512, 513, 4 << 20, (4 << 20) + 1])
    func lengths(_ length: Int) throws {
        let ceph = try CephMarket()
        let plain = try ceph.market.directory.write("sources/image", TestFiles.noise(length))
        try ceph.expectStored(ceph.copy(ceph.copyMessage(plain), id: id), id: id, plain)
        let zeros = try TestFiles.makeSparse(ceph.sources + "/zeros", length: Int64(length), data: [:])
        try ceph.expectStored(ceph.copy(ceph.copyMessage(zeros), id: id), id: id, zeros)
    }

    @Test(
        "an image of another format becomes raw",
        arguments: ["qcow2", "qcow2 -c", "vmdk", "vdi", "vhdx", "vpc", "qed", "parallels"])
    func converts(_ format: String) throws {
        let ceph = try CephMarket()
        let plain = try sparse(ceph)
        let words = format.split(separator: " ").map(String.init)
        let disk = ceph.sources + "/disk"
        try TestFiles.succeed(
            ["qemu-img", "convert"] + words.dropFirst() + ["-f", "raw", "-O", words[0], plain, disk])
        let outcome = try ceph.copy(ceph.copyMessage(disk), id: id)
        // These formats count in sectors or larger units.
        try TestFiles.succeed(["qemu-img", "convert", "-f", words[0], "-O", "raw", disk, plain])
        if outcome.status.isSuccess { #expect(try ceph.rig.usage(of: "one/one-\(id)") <= 24 << 20) }
        try ceph.expectStored(outcome, id: id, plain)
    }

    @Test("an app comes with the bytes that its MD5 stands for, or not at all", arguments: CephMarket.Way.allCases)
    func app(_ way: CephMarket.Way) throws {
        let ceph = try CephMarket(way)
        let nginx = try Nginx(root: ceph.sources)
        let disk = try ceph.market.directory.write("sources/app", TestFiles.noise(9 << 20))
        let app = try ceph.copyMessage(nginx.url("/app")).with(Self.image + "FROM_APP_MD5", TestFiles.md5(disk))
        try ceph.expectStored(ceph.copy(app, id: id), id: id, disk)
        let other = String(repeating: "0", count: 32)
        try ceph.expectRefused(
            ceph.copy(app.with(Self.image + "FROM_APP_MD5", other), id: id), id: id, "where \(other) was expected")
        try ceph.expectRefused(ceph.copy(app.with("IMAGE/PATH", nginx.url("/no")), id: id), id: id, "404")
        #expect(try ceph.rig.parts() == [])
    }

    @Test("a LUKS disk and a CD-ROM go as they are; a qcow2 image never does")
    func kinds() throws {
        let ceph = try CephMarket()
        let luks = try ceph.market.directory.write(
            "sources/luks", Array("LUKS".utf8) + [0xBA, 0xBE, 0, 2] + TestFiles.noise(1 << 20))
        try ceph.expectStored(ceph.copy(ceph.copyMessage(luks), id: id), id: id, luks)
        let cdrom = try ceph.copyMessage(luks).with("IMAGE/TYPE", "1")
        try ceph.expectStored(ceph.copy(cdrom, id: id), id: id, luks)
        let disk = try TestFiles.makeImage(ceph.sources + "/disk", format: "qcow2", size: "4M")
        let plain = try TestFiles.makeSparse(ceph.sources + "/zeros", length: 4 << 20, data: [:])
        try ceph.expectStored(ceph.copy(cdrom.with("IMAGE/PATH", disk), id: id), id: id, plain)
        let base = try TestFiles.makeImage(
            ceph.sources + "/overlay", format: "qcow2", size: "4M", options: ["-b", disk, "-F", "qcow2"])
        try ceph.expectRefused(ceph.copy(ceph.copyMessage(base), id: id), id: id, "it has a backing file")
        #expect(try ceph.rig.parts() == [])
    }

    @Test(
        "EC_POOL_NAME gets the data, and defaults come from a file that is not run", arguments: CephMarket.Way.allCases)
    func pools(_ way: CephMarket.Way) throws {
        let ceph = try CephMarket(way)
        let plain = try ceph.market.directory.write("sources/image", TestFiles.noise(5 << 20))
        _ = try ceph.market.directory.makeDirectory("var/remotes/etc/datastore/ceph")
        let ran = ceph.market.directory.path("ran")
        try ceph.market.directory.write(
            "var/remotes/etc/datastore/ceph/ceph.conf", "# x\nPOOL_NAME=data # y\nRBD_FORMAT=2\ntouch '\(ran)'\n".utf8)
        let message = try ceph.copyMessage(plain)
        try ceph.expectStored(
            ceph.copy(message.with(Self.template + "POOL_NAME", nil), id: id), id: id, plain, pool: "data")
        let erasure = message.with([Self.template + "POOL_NAME": "one", Self.template + "EC_POOL_NAME": "data"])
        let outcome = try ceph.copy(erasure, id: id)
        #expect(try ceph.rig.ask("info", "one/one-\(id)").contains("data_pool: data"))
        try ceph.expectStored(outcome, id: id, plain)
        #expect(!FileManager.default.fileExists(atPath: ran))
    }

    @Test("an image of that name is never overwritten, and of two at once one wins")
    func names() throws {
        let ceph = try CephMarket()
        let one = try ceph.market.directory.write("sources/one", TestFiles.noise(30 << 20, seed: 1))
        let two = try ceph.market.directory.write("sources/two", TestFiles.noise(30 << 20, seed: 2))
        let messages = try [one, two].map { try ceph.copyMessage($0).with("IMAGE/ID", id) }
        let running = try messages.map {
            try RunningAction("datastore-ceph-cp", $0, in: ceph.market, watched: ceph.sources)
        }
        let outcomes = try running.map { try $0.finish() }
        let winner = try #require(outcomes.firstIndex { $0.status == .exited(0) })
        expectRefusal(outcomes[1 - winner], ["one/one-\(id)", "is there already", "rbd rm"])
        expectRefusal(try ceph.copy(messages[1 - winner], id: id), ["one/one-\(id)", "is there already"])
        #expect(try ceph.rig.parts() == [])
        try ceph.expectStored(outcomes[winner], id: id, [one, two][winner])
    }

    @Test("of several that take the name in the same moment one wins")
    func renames() throws {
        let ceph = try CephMarket()
        let images = try (1...4).map {
            try ceph.market.directory.write("sources/\($0)", TestFiles.noise(1 << 20, seed: $0))
        }
        // librbd tells a client that has lost the race for a name that it has succeeded.
        let program = try TestFiles.succeed(["sh", "-c", "command -v rbd"]).output.trimmingCharacters(in: .newlines)
        let taken = ceph.market.directory.path("taken")
        _ = try ceph.market.directory.makeDirectory("bin")
        try ceph.market.directory.write(
            "bin/rbd",
            """
            #!/bin/sh
            case " $* " in *" rename "*)
              mkdir "\(taken)" && { "\(program)" "$@"; status=$?; mkdir "\(taken)/now"; exit $status; }
              for _ in $(seq 1000); do [ -d "\(taken)/now" ] && exit 0; sleep 0.01; done
            esac
            exec "\(program)" "$@"
            """.utf8, mode: 0o755)
        let path = ceph.market.directory.path("bin") + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "")
        let actions = try images.map {
            try RunningAction(
                "datastore-ceph-cp", ceph.copyMessage($0).with("IMAGE/ID", id), in: ceph.market, watched: ceph.sources,
                environment: ["PATH": path])
        }
        let outcomes = try actions.map { try $0.finish() }
        #expect(outcomes.count { $0.status == .exited(0) } == 1)
        let winner = try #require(outcomes.firstIndex { $0.status == .exited(0) })
        for (index, outcome) in outcomes.enumerated() where index != winner {
            expectRefusal(outcome, ["one/one-\(id)", "is there already", "rbd rm"])
        }
        #expect(try ceph.rig.parts() == [])
        try ceph.expectStored(outcomes[winner], id: id, images[winner])
    }

    @Test("what a writer has left behind goes after an hour, and what is written stays")
    func leftovers() throws {
        let ceph = try CephMarket()
        let now = time(nil)
        let names =
            [now - 4000, now - 3000].map { "market-drivers-\($0)-00.part" } + ["market-drivers-1.part", "other.part"]
        for name in names { try ceph.rig.ask("create", "--size=1", "one/" + name) }
        let small = try ceph.market.directory.write("sources/image", TestFiles.noise(1000))
        try ceph.expectStored(ceph.copy(ceph.copyMessage(small), id: id), id: id, small)
        #expect(try ceph.rig.parts() == names.dropFirst().sorted())
        for name in names.dropFirst() { try ceph.rig.ask("rm", "--no-progress", "one/" + name) }
    }

    @Test(
        "what is wrong is told in one line",
        arguments: [
            ("CEPH_USER", "nobody", "refuses the user and the key", "check CEPH_USER, CEPH_KEY and CEPH_CONF"),
            ("CEPH_KEY", "/nonexistent/key", "refuses the user and the key", "check CEPH_USER"),
            ("CEPH_CONF", "/nonexistent/conf", "unable to open config file", "check CEPH_CONF"),
            ("POOL_NAME", "nopool", "error opening pool 'nopool'", "check POOL_NAME"),
            ("POOL_NAME", "a/b", "cannot be the name of a pool", "correct it"),
            ("POOL_NAME", "a b", "cannot be the name of a pool", "correct it"),
            ("EC_POOL_NAME", "nopool", "data pool nopool does not exist", "check EC_POOL_NAME"),
            ("RBD_FORMAT", "3", "is no format of rbd", "write 2"),
            ("BRIDGE_LIST", "-oProxyCommand=x", "which is no host", "write host names"),
            ("POOL_NAME", "$(touch${IFS}x)", "error opening pool", "check POOL_NAME"),
            ("CEPH_USER", "';touch x;'", "refuses", "check"),
        ])
    func wrong(_ attribute: String, _ value: String, _ cause: String, _ remedy: String) throws {
        let ceph = try CephMarket()
        let image = try ceph.market.directory.write("sources/image", TestFiles.noise(1000))
        let message = try ceph.copyMessage(image).with(Self.template + attribute, value)
        try ceph.expectRefused(ceph.copy(message, id: id), id: id, cause, remedy)
        #expect(try ceph.rig.parts() == [])
    }

    @Test("the file of defaults is named if a value of it is wrong, and what cannot be taken of it is told")
    func defaults() throws {
        let ceph = try CephMarket()
        let image = try ceph.market.directory.write("sources/image", TestFiles.noise(1000))
        let message = try ceph.copyMessage(image).with(Self.template + "POOL_NAME", nil)
        _ = try ceph.market.directory.makeDirectory("var/remotes/etc/datastore/ceph")
        let file = "var/remotes/etc/datastore/ceph/ceph.conf"
        let path = try ceph.market.directory.write(file, "POOL_NAME='a b'\n".utf8)
        try ceph.expectRefused(
            ceph.copy(message, id: id), id: id, "POOL_NAME in \(path)", "its value 'a b' cannot be the name of a pool")
        try ceph.market.directory.write(file, "X=o\nPOOL_NAME=${X}ne\n".utf8)
        let outcome = try ceph.copy(message, id: id)
        #expect(outcome.warnings.contains { $0.contains("line 2 is skipped") })
        try ceph.expectStored(outcome, id: id, image)
    }

    @Test("a keyfile without a key is named, and its content is not")
    func badKey() throws {
        let ceph = try CephMarket()
        let image = try ceph.market.directory.write("sources/image", TestFiles.noise(1000))
        let file = try ceph.market.directory.write("key", "AQCRsecret".utf8)
        let outcome = try ceph.copy(ceph.copyMessage(image).with(Self.template + "CEPH_KEY", file), id: id)
        try ceph.expectRefused(outcome, id: id, "the file that CEPH_KEY names holds no key", "ceph auth get-key")
        #expect(!outcome.errors.contains("AQCRsecret"))
    }

    @Test("what has no room is refused before it is sent, or before the pool is full")
    func quota() throws {
        let ceph = try CephMarket()
        let image = try ceph.market.directory.write("sources/image", TestFiles.noise(21 << 20))
        let message = try ceph.copyMessage(image).with(Self.template + "POOL_NAME", "small")
        try ceph.expectRefused(ceph.copy(message, id: id), id: id, "21 MB are needed and ", "MB are free", "quota")
        // Compressed it is small; what comes out of it is not.
        let packed = ceph.sources + "/packed"
        try TestFiles.succeed([
            "sh", "-c", "tr '\\0' x < /dev/zero | head -c 30000000 | gzip -1 > \"$1\"", "sh", packed,
        ])
        try ceph.expectRefused(
            ceph.copy(message.with("IMAGE/PATH", packed), id: id), id: id, "MB are needed and ",
            "MB are free in the pool")
        #expect(try ceph.rig.images(in: "small") == [])
    }

    /// Ceph would keep a client waiting that makes an image there, and would not let it remove the image.
    @Test("in a pool that is full nothing is begun")
    func fullPool() throws {
        let ceph = try CephMarket()
        _ = try ceph.market.directory.makeDirectory("bin")
        let calls = ceph.market.directory.path("calls")
        let program = try TestFiles.succeed(["sh", "-c", "command -v rbd"]).output.trimmingCharacters(in: .newlines)
        let full = #"{"pools":[{"name":"one","stats":{"stored":9000,"max_avail":900000,"quota_bytes":9000}}]}"#
        let scripts = ["ceph": "echo '\(full)'", "rbd": "echo \"$*\" >> '\(calls)'\nexec '\(program)' \"$@\""]
        for (name, script) in scripts {
            try ceph.market.directory.write("bin/" + name, "#!/bin/sh\n\(script)\n".utf8, mode: 0o755)
        }
        let path = ceph.market.directory.path("bin") + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "")
        let nginx = try Nginx(root: ceph.sources)
        try ceph.market.directory.write("sources/image", TestFiles.noise(1000))
        let message = try ceph.copyMessage(nginx.url("/image"))
        let outcome = try ceph.market.act(
            "datastore-ceph-cp", arguments: [id], input: message.base64, environment: ["PATH": path])
        try ceph.expectRefused(outcome, id: id, "1 MB are needed and 0 MB are free in the pool", "quota")
        let asked = try String(contentsOfFile: calls, encoding: .utf8)
        #expect(asked.contains(" ls ") && !asked.contains(" create "), "\(asked)")
    }

    @Test(
        "a backup of a Ceph datastore is the stock script's",
        arguments: ["disk.0.rbd2", "."], [nil, "YES"] as [String?])
    func backup(_ packed: String, _ staysPacked: String?) throws {
        let ceph = try CephMarket()
        let folder = try ceph.market.directory.makeDirectory("backup")
        try ceph.market.directory.write("backup/disk.0.rbd2", TestFiles.noise(9000))
        let archive = ceph.sources + "/backup"
        try TestFiles.succeed(["tar", "-C", folder, "-czf", archive, packed])
        let message = try ceph.copyMessage(archive).with("DATASTORE/TEMPLATE/NO_DECOMPRESS", staysPacked)
        try ceph.expectRefused(ceph.copy(message, id: id), id: id, "datastore/ceph/cp.stock", "OpenNebula's own driver")
        _ = try ceph.market.directory.makeDirectory("var/remotes/datastore/ceph")
        try ceph.market.directory.write(
            "var/remotes/datastore/ceph/cp.stock", "#!/bin/sh\necho \"one/one-$1 raw\"\n".utf8, mode: 0o755)
        let outcome = try ceph.copy(message, id: id)
        #expect(outcome.status == .exited(0) && outcome.output == "one/one-\(id) raw\n")
        #expect(outcome.errors.contains("is a backup of a Ceph datastore: the stock script does it"))
        #expect(try ceph.rig.parts() == [])
    }

    @Test("what gzip has packed stays packed on request, however well it is packed")
    func packed() throws {
        let ceph = try CephMarket()
        let plain = try TestFiles.makeSparse(ceph.sources + "/zeros", length: 64 << 20, data: [:])
        try TestFiles.succeed(["gzip", "-k", plain])
        let message = try ceph.copyMessage(plain + ".gz").with("DATASTORE/TEMPLATE/NO_DECOMPRESS", "YES")
        #expect(try ceph.copy(message, id: id).output == "one/one-\(id) raw\n")
        let file = ceph.market.directory.path("fetched")
        try ceph.rig.fetch("one/one-\(id)", to: file)
        #expect(try run(["cmp", plain + ".gz", file]).status.isSuccess)
        try ceph.rig.ask("rm", "--no-progress", "one/one-\(id)")
    }

    @Test("an app that a person brings in takes no name of oned's")
    func byHand() throws {
        let ceph = try CephMarket()
        let nginx = try Nginx(root: ceph.sources)
        let image = try ceph.market.directory.write("sources/app", TestFiles.noise(100_000))
        // It is declared raw, and begins like a qcow2 image.
        let disguised = try TestFiles.makeImage(ceph.sources + "/disguised", format: "qcow2", size: "1M")
        for (name, path) in [("app", image), ("disguised", disguised)] {
            let message = try ceph.appMessage(name, from: nginx.url(""), id: id)
            let printed = try reply(of: ceph.act("market-http-export", message))
            #expect(printed["SOURCE"] == "one/one-app-\(id)" && printed["FORMAT"] == "raw")
            #expect(try printed["MD5"] == TestFiles.md5(path))
            let file = ceph.market.directory.path("fetched")
            try ceph.rig.fetch("one/one-app-\(id)", to: file)
            #expect(try run(["cmp", path, file]).status.isSuccess)
            try ceph.rig.ask("rm", "--no-progress", "one/one-app-\(id)")
        }
    }
}
