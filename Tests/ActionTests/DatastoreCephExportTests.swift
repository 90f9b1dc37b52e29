import DriverProtocol
import Foundation
import Glibc
import Posix
import TestSupport
import Testing
import XML

/// `datastore/ceph/export`, and the import that reads what it names.
@Suite(.serialized) struct DatastoreCephExportTests {
    private let image = "one/one-\(CephMarket.newID())"

    /// Makes an image with this content.
    private func make(_ content: String, _ ceph: CephMarket, _ options: [String] = []) throws {
        let arguments = ["import", "--no-progress"] + options + [content, image]
        try TestFiles.succeed(
            ["rbd", "--id", CephRig.user, "--keyfile", ceph.rig.keyFile, "--conf", ceph.rig.configuration] + arguments)
    }

    private func content(_ ceph: CephMarket, length: Int64 = 200_000_001) throws -> String {
        try TestFiles.makeSparse(
            ceph.sources + "/content", length: length,
            data: [5_000_000: TestFiles.noise(9_000_000), length - 500: TestFiles.noise(500)])
    }

    private func element(_ name: String, of outcome: Outcome) throws -> String {
        #expect(outcome.status == .exited(0) && outcome.reasons == [], "\(outcome.errors)")
        return try XMLParser.parse(Array(outcome.output.utf8)).child(name)?.text ?? ""
    }

    private func `import`(_ ceph: CephMarket, _ source: String) throws -> Outcome {
        try ceph.act("market-http-import", ceph.market.importMessage(source))
    }

    @Test("an image is told as it is, and imported with its holes", arguments: CephMarket.Way.allCases)
    func exported(_ way: CephMarket.Way) throws {
        let ceph = try CephMarket(way)
        let content = try content(ceph)
        let md5 = try TestFiles.md5(content)
        try make(content, ceph, ["--data-pool", "data"])
        defer { _ = try? ceph.rig.rbd("rm", "--no-progress", image) }
        let told = try ceph.act("datastore-ceph-export", ceph.exportMessage(image))
        let folder = ceph.rig.configuration.dropLast("/ceph.conf".count).replacing(" ", with: "%20")
        let source = try element("IMPORT_SOURCE", of: told)
        #expect(
            source == "rbd://\(way == .here ? "localhost" : "bridge1")/\(image)?CEPH_USER=libvirt"
                + "&CEPH_KEY=\(folder)/key&CEPH_CONF=\(folder)/ceph.conf")
        #expect(try element("MD5", of: told) == md5)
        #expect(try element("SIZE", of: told) == "191" && element("FORMAT", of: told) == "raw")
        #expect(try element("DISPOSE", of: told) == "NO")

        // As the stock export writes it, the blank is there itself.
        for source in [source, source.replacing("%20", with: " ")] {
            let printed = try reply(of: `import`(ceph, source))
            #expect(printed["MD5"] == md5)
            let file = try ceph.market.file(of: printed)
            #expect(try run(["cmp", content, file]).status.isSuccess)
            #expect(try TestFiles.status(file).allocatedSize < 20 << 20)
        }
    }

    @Test("the MD5 is left to the import where it is asked to be")
    func deferred() throws {
        let ceph = try CephMarket()
        try make(content(ceph), ceph)
        defer { _ = try? ceph.rig.rbd("rm", "--no-progress", image) }
        let outcome = try ceph.market.act(
            "datastore-ceph-export", ceph.exportMessage(image), environment: ["MARKET_DRIVERS_MD5": "import"])
        #expect(try element("MD5", of: outcome) == "")
    }

    @Test("snapshots and clones are read as they are", arguments: [[], ["--image-feature", "layering"]])
    func snapshots(_ options: [String]) throws {
        let ceph = try CephMarket()
        let content = try content(ceph)
        try make(content, ceph, options)
        try ceph.rig.ask("snap", "create", "--no-progress", image + "@then")
        try ceph.rig.ask("snap", "protect", image + "@then")
        try ceph.rig.ask("clone", image + "@then", image + "-clone")
        // The image goes on, and the clone is made smaller and written to.
        try ceph.rig.ask("bench", "--io-type", "write", "--io-size", "1M", "--io-total", "8M", image)
        let shorter = ceph.market.directory.path("shorter")
        try TestFiles.succeed(["cp", "--sparse=always", content, shorter])
        try FileHandle(forWritingTo: URL(filePath: shorter)).truncate(atOffset: 100_000_000)
        try ceph.rig.ask("resize", "--no-progress", "--allow-shrink", "--size", "100000000B", image + "-clone")
        for (name, expected) in [(image + "@then", content), (image + "-clone", shorter)] {
            let told = try ceph.act("datastore-ceph-export", ceph.exportMessage(name))
            #expect(try element("MD5", of: told) == TestFiles.md5(expected))
            let file = try ceph.market.file(of: reply(of: `import`(ceph, element("IMPORT_SOURCE", of: told))))
            #expect(try run(["cmp", expected, file]).status.isSuccess)
        }
        try ceph.rig.ask("rm", "--no-progress", image + "-clone")
        try ceph.rig.ask("snap", "unprotect", image + "@then")
        try ceph.rig.ask("snap", "purge", "--no-progress", image)
        try ceph.rig.ask("rm", "--no-progress", image)
    }

    @Test("images of any length are read", arguments: [0, 1, 513, 4 << 20, (4 << 20) + 1])
    func lengths(_ length: Int) throws {
        let ceph = try CephMarket()
        let content = try ceph.market.directory.write("sources/content", TestFiles.noise(length))
        if length == 0 {
            try ceph.rig.ask("create", "--size", "1", image)
            try ceph.rig.ask("resize", "--no-progress", "--allow-shrink", "--size", "0", image)
        } else {
            try make(content, ceph)
        }
        defer { _ = try? ceph.rig.rbd("rm", "--no-progress", image) }
        let told = try ceph.act("datastore-ceph-export", ceph.exportMessage(image))
        let file = try ceph.market.file(of: reply(of: `import`(ceph, element("IMPORT_SOURCE", of: told))))
        #expect(try run(["cmp", content, file]).status.isSuccess)
    }

    @Test(
        "what is wrong is told in one line",
        arguments: [
            ("one/none", "error opening image none: (2) No such file or directory", "rbd ls"),
            ("nopool/x", "error opening pool 'nopool'", "POOL_NAME"), ("x", "is no image of a pool", "correct"),
            ("one/a@b@c", "is no image of a pool", "correct"), ("one/$(touch x)", "is no image of a pool", "correct"),
            ("one/`touch`", "error opening image `touch`", "rbd ls"), ("-x/-y", "error opening pool '-x'", "POOL_NAME"),
        ])
    func missing(_ source: String, _ cause: String, _ remedy: String) throws {
        let ceph = try CephMarket()
        expectRefusal(try ceph.act("datastore-ceph-export", ceph.exportMessage(source)), [cause, remedy])
    }

    @Test(
        "a location that cannot be used is refused",
        arguments: [
            ("rbd://", "names no host"), ("rbd:///one/x", "names no host"), ("rbd://host", "names no host"),
            ("rbd://host/one", "names no image of a pool"), ("rbd://host/one/a/b/c", "names no image of a pool"),
            ("rbd://host/one/x?KEY=1", "its query has more than CEPH_USER"),
            ("rbd://-oX=1/one/x", "it is no host name"),
        ])
    func locations(_ location: String, _ cause: String) throws {
        let ceph = try CephMarket()
        expectRefusal(try `import`(ceph, location), [cause])
        #expect(try ceph.market.published() == [])
    }

    /// Ceph lets an image go while somebody reads it, and then answers zeros.
    @Test("an image that is removed or written to meanwhile becomes no app", arguments: [true, false])
    func disturbed(_ isRemoved: Bool) throws {
        let ceph = try CephMarket()
        let content = try ceph.market.directory.write("sources/content", TestFiles.noise(60 << 20))
        try make(content, ceph)
        defer { _ = try? ceph.rig.rbd("rm", "--no-progress", image) }
        let source = try element("IMPORT_SOURCE", of: ceph.act("datastore-ceph-export", ceph.exportMessage(image)))
        let action = try RunningAction("market-http-import", ceph.market.importMessage(source), in: ceph.market)
        try action.whileStopped { _ in
            if isRemoved {
                try ceph.rig.ask("rm", "--no-progress", image)
            } else {
                try ceph.rig.ask("resize", "--no-progress", "--size", "61M", image)
            }
        }
        let outcome = try action.finish()
        expectRefusal(
            outcome, [image, isRemoved ? "(2) No such file or directory" : "it was changed while it was read"])
        #expect(try ceph.market.published() == [])
    }
}
