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
