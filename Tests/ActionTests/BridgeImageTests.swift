import Bytes
import Foundation
import Glibc
import Posix
import TestSupport
import Testing

/// A datastore on a bridge host takes the images that the same datastore takes here, and refuses the others as it does.
@Suite struct BridgeImageTests {
    private let bridge: Bridge

    init() throws {
        bridge = try Bridge()
    }

    private static let driver = "DATASTORE/TEMPLATE/DRIVER"
    private static let format = "IMAGE/TEMPLATE/FORMAT"

    struct Kind: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// A shell's commands, which print the image.
        let make: String
        let values: [String: String]
        /// The cause of its refusal, or nil.
        let cause: String?

        init(_ description: String, _ make: String, _ values: [String: String] = [:], refused cause: String? = nil) {
            (testDescription, self.make, self.values, self.cause) = (description, make, values, cause)
        }
    }

    private static let random = "head -c 3000000 /dev/urandom"
    private static let qcow2 = "qemu-img create -q -f qcow2 made 9M; cat made"

    /// Returns the commands that print a qcow2 image with `bytes`, as printf(1) takes them, at `offset`.
    private static func qcow2(_ bytes: String, at offset: Int) -> String {
        "qemu-img create -q -f qcow2 made 9M; printf '\(bytes)' | dd of=made bs=1 seek=\(offset) conv=notrunc status=none; "
            + "cat made"
    }

    static let kinds = [
        Kind("packed twice", "\(random) | gzip | gzip"),
        Kind("packed twice, converted", "\(random) | gzip | gzip", [driver: "qcow2"]),
        Kind("packed twice, of a stated format", "\(random) | gzip | gzip", [driver: "qcow2", format: "raw"]),
        Kind("packed qcow2", "{ \(qcow2); } | xz", [driver: "raw"]),
        Kind("CD-ROM", random, [driver: "qcow2", "IMAGE/TYPE": "1"]),
        Kind("file", random, [driver: "qcow2", "DATASTORE/TYPE": "2"]),
        Kind("holes", "truncate -s 9M made; \(random) | dd of=made bs=1M seek=3 conv=notrunc status=none; cat made"),
        Kind("4095 bytes", "head -c 4095 /dev/urandom"), Kind("4096 bytes", "head -c 4096 /dev/urandom"),
        Kind("4097 bytes", "head -c 4097 /dev/urandom"),
        Kind("not qcow2", random, [format: "qcow2"], refused: "its format is said to be qcow2, and its content is not"),
        Kind(
            "packed, not qcow2", "\(random) | gzip", [format: "qcow2"],
            refused: "its format is said to be qcow2, and its content is not"),
        Kind("empty, not qcow2", "true", [format: "qcow2"], refused: "its format is said to be qcow2"),
        Kind("of another version", qcow2("\\0\\0\\0\\11", at: 4), refused: "header is damaged: its version is 9"),
        Kind("stated, of another version", qcow2("\\11", at: 7), [format: "qcow2"], refused: "its version is 9"),
        Kind("clusters", qcow2("\\143", at: 23), [driver: "raw"], refused: "its clusters have 2^99 bytes"),
        Kind("cut off", "{ \(qcow2); } | head -c 80", refused: "its qcow2 header is damaged: it is cut off"),
        Kind("data file", qcow2("\\4", at: 79), refused: "it has an external data file"),
        Kind(
            "backing file", "truncate -s 1M base; qemu-img create -q -f qcow2 -b base -F raw made; cat made",
            refused: "it has a backing file"),
    ]

    /// Makes the image of `kind`, and brings it into a datastore that is made for it, on `hosts` or here.
    private func bring(_ path: String, _ kind: Kind, hosts: String) throws -> (outcome: Outcome, datastore: String) {
        let datastore = bridge.directory.path(hosts.isEmpty ? "here" : "there")
        let values = [
            "IMAGE/PATH": path, "IMAGE/ID": "7", "IMAGE/NAME": "the disk", "DATASTORE/BASE_PATH": datastore,
            Bridge.datastoreHosts: hosts,
        ]
        return (try bridge.run("datastore-fs-cp", values.merging(kind.values) { $1 }, id: 7), datastore)
    }

    private func make(_ kind: Kind) throws -> String {
        let path = bridge.directory.path("image")
        let work = try bridge.directory.makeDirectory("work")
        try TestFiles.succeed(["env", "-C", work, "sh", "-c", "{ \(kind.make); } > \"$0\"", path])
        return path
    }

    @Test(arguments: kinds) func isTheSameHereAndThere(_ kind: Kind) throws {
        let path = try make(kind)
        var stored: [[String]] = []
        for hosts in ["", "bridge1"] {
            let (outcome, datastore) = try bring(path, kind, hosts: hosts)
            if let cause = kind.cause {
                expectFailure(outcome, "the image 'the disk': ", cause)
                stored.append(outcome.reasons)
                let isGone = eventually(within: 15) { !FileManager.default.fileExists(atPath: datastore) }
                #expect(isGone, "\(hosts)")
            } else {
                #expect(outcome.status == .exited(0) && outcome.reasons == [], "\(outcome.errors)")
                let words = outcome.output.split(whereSeparator: \.isWhitespace).map(String.init)
                try #require(words.count == 2, "\(outcome.output)")
                #expect(try FileManager.default.contentsOfDirectory(atPath: datastore).count == 1)
                stored.append([words[1], try md5(of: words[0])])
            }
        }
        #expect(stored[0] == stored[1])
    }

    /// What cannot be used is refused before all of it has come.
    @Test(arguments: kinds.filter { ["not qcow2", "backing file", "of another version"].contains($0.testDescription) })
    func isRefusedEarly(_ kind: Kind) throws {
        let path = try make(kind)
        truncate(path, 100 << 20)
        let server = try FaultServer(root: bridge.directory.path)
        for hosts in ["", "bridge1"] {
            let start = Clock.now
            let (outcome, _) = try bring(server.url("/~slow=100000/image"), kind, hosts: hosts)
            expectFailure(outcome, "the image 'the disk': ", try #require(kind.cause))
            #expect(Clock.now - start < 60, "1000 s for all of it")
        }
    }

    /// What several servers have sent is damaged: the host gets it anew, and keeps the second one alone.
    @Test func startsOver() throws {
        let good = noise(3_000_000)
        try bridge.directory.write("good", good)
        try bridge.directory.write("other", good.map { $0 ^ 0x55 })
        let server = try FaultServer(root: bridge.directory.path)
        let places = ["/~cut=1000000,1/~tag=1/good", "/other", "/good"].map { hexadecimal(server.url($0).utf8) }
        let kind = Kind("", "", ["IMAGE/TEMPLATE/MD5": try md5(of: bridge.directory.path("good"))])
        let (outcome, datastore) = try bring(
            server.url("/~mirrors=" + places.joined(separator: ",")), kind, hosts: "bridge1")
        #expect(outcome.status == .exited(0) && outcome.errors.contains("starting over"), "\(outcome.errors)")
        let path = String(outcome.output.prefix { $0 != " " })
        #expect(try run(["cmp", path, bridge.directory.path("good")]).status.isSuccess)
        #expect(try FileManager.default.contentsOfDirectory(atPath: datastore).count == 1)
    }

    /// The source, which may have to be built first, is not asked for if there is nowhere to put it.
    @Test func aDirectoryThatCannotBeWrittenTo() throws {
        let server = try FaultServer(root: bridge.directory.path)
        chmod(bridge.directory.path, 0o755)
        mkdir(bridge.directory.path("there"), 0o555)
        let user = getuid() == 0 ? "setpriv --reuid=65534 --regid=65534 --clear-groups " : ""
        try bridge.server.addHost("poor", command: "exec \(user)sh -c \"$SSH_ORIGINAL_COMMAND\"")
        let (outcome, _) = try bring(server.url("/image"), Kind("", ""), hosts: "poor")
        expectFailure(outcome, "on host poor: it cannot be written to")
        #expect(try server.requests().isEmpty)
    }

    /// What `fallocate` of the host does, and the error then; nil takes the real one.
    @Test(
        arguments: [
            (nil, nil), ("fallocate failed: Operation not supported", nil),
            ("fallocate failed: No space left on device", "No space left on device"),
        ] as [(String?, String?)])
    func zerosTakeRoomOnDemand(_ answer: String?, _ cause: String?) throws {
        let path = try make(
            Kind("", "truncate -s 9M made; \(Self.random) | dd of=made bs=1M seek=3 conv=notrunc status=none; cat made")
        )
        _ = try bridge.directory.makeDirectory("bin")
        if let answer {
            let script = "#!/bin/sh\necho 'fallocate: \(answer)' >&2; exit 1\n"
            try bridge.directory.write("bin/fallocate", script.utf8, mode: 0o755)
        }
        let bin = bridge.directory.path("bin")
        try bridge.server.addHost("odd", command: "export PATH=\(bin):$PATH; exec sh -c \"$SSH_ORIGINAL_COMMAND\"")
        for sparse in ["YES", "NO"] {
            let kind = Kind("", "", ["DATASTORE/TEMPLATE/SPARSE": sparse])
            let (outcome, _) = try bring(path, kind, hosts: "odd")
            if let cause, sparse == "NO" {
                expectFailure(outcome, "on host odd", cause)
                continue
            }
            #expect(outcome.status == .exited(0) && outcome.reasons == [], "\(outcome.errors)")
            let stored = String(outcome.output.prefix { $0 != " " })
            #expect(try run(["cmp", path, stored]).status.isSuccess)
            #expect(try (FileStatus(path: stored).allocatedSize >= 9 << 20) == (sparse == "NO" && answer == nil))
        }
    }
}
