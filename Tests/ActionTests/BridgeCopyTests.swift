import Foundation
import Posix
import TestSupport
import Testing

/// `datastore/fs/cp` for a datastore on bridge hosts whose directory nobody has made yet.
@Suite struct BridgeCopyTests {
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
}
