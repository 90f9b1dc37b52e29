import Foundation
import Glibc
import Posix
import TestSupport
import Testing

/// `datastore/fs/cp` for a datastore on bridge hosts, whose directory nobody has made yet, and from a file of a host.
@Suite struct BridgeCopyTests {
    private static let template = "DATASTORE/TEMPLATE/"
    private let bridge: Bridge
    private let datastore: String

    init() throws {
        bridge = try Bridge()
        datastore = bridge.directory.path("new")
    }

    private func values(_ path: String, _ more: [String: String] = [:]) -> [String: String] {
        ["IMAGE/PATH": path, "IMAGE/ID": "7", "DATASTORE/BASE_PATH": datastore].merging(more) { $1 }
    }

    private func copy(_ path: String, _ more: [String: String] = [:]) throws -> Outcome {
        try bridge.run("datastore-fs-cp", values(path, more), id: 7)
    }

    @Test func theFirstImageMakesTheDirectory() throws {
        let image = try bridge.directory.write("image", noise(3 << 20))
        for _ in 1...2 {
            let outcome = try copy(image)
            #expect(outcome.status == .exited(0) && outcome.reasons == [], "\(outcome.errors)")
            let path = String(outcome.output.prefix { $0 != " " })
            #expect(path.hasPrefix(datastore + "/"))
            #expect(try run(["cmp", image, path]).status.isSuccess)
        }
        #expect(try bridge.directory.names(in: "new").count == 2)
        #expect(try FileStatus(path: datastore).mode & 0o7777 == 0o750)
    }

    @Test func aFailureLeavesNoDirectory() throws {
        let image = try bridge.directory.write("image", noise(1000))
        expectFailure(
            try copy(image, ["IMAGE/TEMPLATE/MD5": String(repeating: "0", count: 32)]), "its MD5 is")
        #expect(try bridge.directory.names() == ["datastore", "image", "market"])
        expectFailure(
            try copy(image, ["DATASTORE/BASE_PATH": datastore + "/deeper"]), "make the directory '\(datastore)/deeper'",
            "on host bridge1", "No such file or directory")
        #expect(try bridge.directory.names() == ["datastore", "image", "market"])
    }

    @Test func aSignalLeavesNoDirectory() throws {
        try bridge.directory.write("market/image", noise(3 << 20))
        let server = try FaultServer(root: bridge.market)
        let outcome = try run(
            ["timeout", "3"] + Programs.action("datastore-fs-cp") + ["7"],
            input: bridge.message(values(server.url("/~slow=100000/image"))), environment: bridge.server.environment)
        #expect(outcome.reasons.count == 1 && outcome.errors.contains("ended by signal 15"), "\(outcome.errors)")
        // The signal has ended ssh, too: the host removes what it has made by itself.
        #expect(try eventually(within: 15) { try bridge.directory.names() == ["datastore", "market"] })
    }

    /// An image of each kind, the datastore's attributes, and whether the image passes through STAGING_DIR.
    enum Kind: String, CaseIterable {
        case raw, qcow2, encrypted, compressed, tiny, empty, vmdk, toQcow2, toRaw, statedRaw

        var make: String {
            switch self {
            case .raw, .toQcow2: "head -c 5000000 /dev/urandom"
            case .encrypted: "printf 'LUKS\\272\\276'; head -c 5000000 /dev/urandom"
            case .compressed: "head -c 3000000 /dev/urandom | gzip"
            case .tiny: "printf x"
            case .empty: "true"
            case .vmdk: "qemu-img create -q -f vmdk $0.vmdk 9M && cat $0.vmdk && rm $0.vmdk"
            case .qcow2, .toRaw, .statedRaw: "qemu-img create -q -f qcow2 $0.qcow2 9M && cat $0.qcow2 && rm $0.qcow2"
            }
        }

        var values: [String: String] {
            switch self {
            case .raw, .qcow2, .tiny, .empty, .vmdk: [:]
            case .encrypted, .toQcow2: ["DATASTORE/TEMPLATE/DRIVER": "qcow2"]
            case .compressed: ["DATASTORE/TEMPLATE/NO_DECOMPRESS": "YES", "DATASTORE/TEMPLATE/DRIVER": "qcow2"]
            case .toRaw: ["DATASTORE/TEMPLATE/DRIVER": "raw"]
            case .statedRaw: ["DATASTORE/TEMPLATE/DRIVER": "raw", "IMAGE/TEMPLATE/FORMAT": "raw"]
            }
        }

        var format: String {
            switch self {
            case .qcow2, .toQcow2: "qcow2"
            case .vmdk: "vmdk"
            default: "raw"
            }
        }

        var isStaged: Bool { [.vmdk, .toQcow2, .toRaw].contains(self) }
    }

    /// What is not converted goes to the host as it comes, and needs no room on the front-end.
    @Test(arguments: Kind.allCases) func onlyWhatIsConvertedNeedsStagingDir(_ kind: Kind) throws {
        let directory = bridge.directory
        let image = directory.path("image")
        let made = try run(["sh", "-c", "{ \(kind.make); } > \"$0\"", image])
        try #require(made.status.isSuccess, "\(made.errors)")
        let settings =
            try #require(bridge.server.environment["ONE_LOCATION"])
            + "/var/remotes/etc/market/market-drivers.conf"
        let text = try String(contentsOfFile: settings, encoding: .utf8)
        let staging = directory.path("staging")
        try (text + "\nSTAGING_DIR=\"\(staging)\"\n").write(toFile: settings, atomically: true, encoding: .utf8)
        func bring() throws -> Outcome { try copy(image, kind.values) }

        let first = try bring()
        if kind.isStaged {
            expectFailure(first, staging, "No such file or directory")
            _ = try directory.makeDirectory("staging")
        }
        let outcome = kind.isStaged ? try bring() : first
        #expect(outcome.status == .exited(0) && outcome.reasons == [], "\(outcome.errors)")
        let words = outcome.output.split(whereSeparator: \.isWhitespace).map(String.init)
        try #require(words.count == 2, "\(outcome.output)")
        #expect(words[1] == kind.format)
        let compared = kind.isStaged ? ["qemu-img", "compare", "-q", image, words[0]] : ["cmp", image, words[0]]
        #expect(try run(compared).status.isSuccess)
        #expect(try FileStatus(path: words[0]).mode & 0o7777 == 0o660)
        #expect(try directory.names(in: "new").count == 1)
        #expect((try? directory.names(in: "staging")) ?? [] == [])
    }

    // MARK: ssh://HOST:PATH as the source

    /// RESTRICTED_DIRS, SAFE_DIRS and a path, each below the test's directory, and whether it may be read.
    @Test(arguments: [
        ("", "", "open/disk", true), ("closed", "", "open/disk", true), ("closed", "", "closed/disk", false),
        ("closed", "", "closed2/disk", true), ("closed", "", "open/../closed/disk", false),
        ("closed", "", "open/file-link", false), ("closed", "", "open/folder-link/disk", false),
        ("closed", "", "open/far-link", false), ("closed-link", "", "closed/disk", false),
        ("/", "", "open/disk", false), ("/", "open", "open//./disk", true), ("/", "ope", "open/disk", false),
        ("/", "open", "open/far-link", false),
        ("/", "closed-link", "closed/disk", true), ("/", "open", "open/folder-link/../open/disk", true),
        ("/", "open", "open/away/../disk", false), ("missing/deeper", "missing", "open/disk", true),
    ])
    func readsWhatItMayOfAHost(_ restricted: String, _ safe: String, _ path: String, _ isAllowed: Bool) throws {
        let directory = bridge.directory
        for folder in ["open", "closed", "closed2", "closed/below"] {
            _ = try directory.makeDirectory(folder)
            try directory.write(folder + "/disk", noise(1000))
        }
        for (link, target) in [
            ("closed-link", "closed"), ("open/file-link", "../closed/disk"), ("open/folder-link", "../closed"),
            ("open/far-link", "file-link"), ("open/away", directory.path("closed/below")),
        ] { symlink(target, directory.path(link)) }
        func full(_ name: String) -> String { name.isEmpty || name == "/" ? name : directory.path(name) }
        let outcome = try copy(
            "ssh://bridge2:" + directory.path(path),
            [Self.template + "RESTRICTED_DIRS": full(restricted), Self.template + "SAFE_DIRS": full(safe)])
        if isAllowed {
            #expect(outcome.status == .exited(0) && outcome.reasons == [], "\(outcome.errors)")
        } else {
            expectFailure(outcome, "Cannot read the image 'ssh://bridge2:", "RESTRICTED_DIRS", "SAFE_DIRS")
        }
        #expect(FileManager.default.fileExists(atPath: datastore) == isAllowed)
    }

    @Test func aLinkThatIsPutThereLaterLeadsNowhere() throws {
        let directory = bridge.directory
        for folder in ["open", "closed", "bin"] { _ = try directory.makeDirectory(folder) }
        for folder in ["open", "closed"] { try directory.write(folder + "/disk", noise(1000)) }
        // When the path has been resolved, its folder becomes a link.
        try directory.write(
            "bin/readlink",
            """
            #!/bin/sh
            /usr/bin/readlink "$@"; status=$?
            cd '\(directory.path)' && [ ! -L open ] && mv open was-open && ln -s closed open
            exit $status

            """.utf8, mode: 0o755)
        let path = directory.path("bin")
        try bridge.server.addHost("odd", command: "export PATH=\(path):$PATH; exec sh -c \"$SSH_ORIGINAL_COMMAND\"")
        let outcome = try copy(
            "ssh://odd:" + directory.path("open/disk"),
            [Self.template + "RESTRICTED_DIRS": directory.path("closed")])
        expectFailure(outcome, "on host odd", "it was replaced while it was opened")
        #expect(!FileManager.default.fileExists(atPath: datastore))
    }
}
