import DriverProtocol
import Foundation
import Posix
import TestSupport
import Testing

/// PUBLIC_DIR and datastores on file systems other than those of a disk (CIFS, NFS, FUSE): strace(1) makes the calls
/// return what such a file system would.
@Suite struct OddFileSystemTests {
    private let market: LocalMarket
    private let image: String

    init() throws {
        market = try LocalMarket()
        image = try market.directory.write("image", TestFiles.noise(100_000))
    }

    /// Runs an action with the results of these calls replaced. They are traced, and so is pwrite64(2).
    private func act(_ program: String, _ message: DriverMessage, _ injections: [String]) throws -> Outcome {
        let calls = injections.map { $0.prefix { $0 != ":" } } + ["pwrite64"]
        let strace =
            [
                "strace", "-f", "-qq", "-o", market.directory.path("trace"), "-e",
                "trace=" + calls.joined(separator: ","),
            ]
            + injections.flatMap { ["-e", "inject=\($0)"] }
        let outcome = try market.act(program, input: message.base64, through: strace)
        for call in calls.dropLast() { #expect(try trace().contains(" \(call)("), "nothing asks for \(call)") }
        return outcome
    }

    private func trace() throws -> String {
        try String(contentsOfFile: market.directory.path("trace"), encoding: .utf8)
    }

    // MARK: Room

    /// A result of statfs(2) with these counts of blocks: all, free, available. Its structure has seven words that
    /// matter.
    private static func statfs(_ size: UInt64, _ counts: [UInt64]) -> String {
        let words = [0xEF53, size] + counts + [0, 0, 0, 255, size]
        let bytes = words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
        return "statfs:poke_exit=@arg2=" + bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private static let ones = UInt64.max
    static let rooms: [(counts: [UInt64], size: UInt64, numbers: [UInt64], isKnown: Bool)] = [
        ([1000, 600, 500], 1 << 20, [400, 500, 1000], true), ([1000, 2000, 1500], 1 << 20, [0, 1500, 1000], true),
        ([1000, 500, ones], 1 << 20, [500, 0, 1000], true), ([ones, ones, ones], 4096, [0, 0, 0], false),
        ([0, 0, 0], 0, [0, 0, 0], false), ([0, 0, 0], 4096, [0, 0, 0], false),
        ([ones, ones, ones], ones, [0, 0, 0], false),
        ([1 << 60, 1 << 60, 1 << 60], 1 << 20, [0, ones >> 20, ones >> 20], true),
    ]

    @Test(arguments: rooms) func monitorTellsWhatCanBe(
        counts: [UInt64], size: UInt64, numbers: [UInt64], isKnown: Bool
    ) throws {
        let outcome = try act("market-http-monitor", market.monitorMessage(), [Self.statfs(size, counts)])
        #expect(outcome.status == .exited(0), "\(outcome.errors)")
        #expect(outcome.output == "USED_MB=\(numbers[0])\nFREE_MB=\(numbers[1])\nTOTAL_MB=\(numbers[2])\n")
        #expect(outcome.errors.contains("the file system of PUBLIC_DIR does not tell") == !isKnown)
    }

    @Test(arguments: rooms) func importAsksOnlyForRoomThatIsKnownToMiss(
        counts: [UInt64], size: UInt64, numbers: [UInt64], isKnown: Bool
    ) throws {
        let outcome = try act("market-http-import", market.importMessage(image), [Self.statfs(size, counts)])
        if isKnown, numbers[1] == 0 {
            expectRefusal(outcome, ["1 MB are needed and 0 MB are free"])
        } else {
            #expect(try TestFiles.md5(market.file(of: reply(of: outcome))) == TestFiles.md5(image))
        }
    }

    /// The output of stat(1) on a bridge host for such a file system: -1 for all ones.
    @Test(arguments: [
        ("4096 -1 -1 -1", [0, 0, 0]),
        ("4096 18446744073709551615 18446744073709551615 18446744073709551615", [0, 0, 0]),
        ("0 0 0 0", [0, 0, 0]), ("1048576 1000 2000 -7", [0, 0, 1000]),
        (
            "1048576 4611686018427387904 0 4611686018427387904",
            [17_592_186_044_415, 17_592_186_044_415, 17_592_186_044_415]
        ),
    ]) func aBridgeHostMayTellAnything(answer: String, numbers: [Int]) throws {
        let bridge = try Bridge()
        let tools = try bridge.directory.makeDirectory("tools")
        try bridge.directory.write("tools/stat", "#!/bin/sh\necho '\(answer)'\n".utf8, mode: 0o755)
        try bridge.server.addHost("odd", command: "PATH=\(tools):$PATH; exec /bin/sh -c \"$SSH_ORIGINAL_COMMAND\"")
        let printed = try expectSuccess(bridge.run("market-http-monitor", [Bridge.marketHosts: "odd"]))
        #expect(["USED_MB", "FREE_MB", "TOTAL_MB"].map { printed[$0] } == numbers.map { "\($0)" })
        guard numbers[2] == 0 || numbers[1] > 0 else { return }
        _ = try expectSuccess(bridge.importImage(image, [Bridge.marketHosts: "odd"]))
    }

    // MARK: Names and modes

    private static let ways = [
        ["renameat2:error=EINVAL"], ["renameat2:error=ENOSYS"], ["renameat2:error=EOPNOTSUPP"],
        ["renameat2:error=EINVAL", "link:error=EPERM"], ["renameat2:error=EINVAL", "link:error=EOPNOTSUPP"],
        ["renameat2:error=EPERM", "link:error=ENOENT"], ["fchmod:error=EPERM"],
        ["flock:error=ENOLCK", "renameat2:error=EINVAL", "link:error=ENOSYS", "fchmod:error=ENOSYS"],
    ]

    @Test(arguments: ways) func importsWhereCallsAreNotKnown(_ injections: [String]) throws {
        let outcome = try act("market-http-import", market.importMessage(image), injections)
        let file = try market.file(of: reply(of: outcome))
        #expect(try TestFiles.md5(file) == TestFiles.md5(image))
        #expect(try market.published() == [URL(filePath: file).lastPathComponent])
        let refusesModes = injections.contains { $0.hasPrefix("fchmod") }
        let warnings = outcome.errors.split(separator: "\n").filter {
            $0.hasPrefix("WARN: 0 market/http/import: ") && $0.contains("the mode of '\(file)' cannot be set to 0644 (")
        }
        #expect(warnings.count == (refusesModes ? 1 : 0), "\(outcome.errors)")
        #expect(try TestFiles.status(file).mode & 0o777 == (refusesModes ? 0o600 : 0o644))
    }

    @Test(arguments: ways) func exportsWhereCallsAreNotKnown(_ injections: [String]) throws {
        let served = try Nginx(root: market.directory.path)
        let message = try market.appExportMessage("image", from: served.url(""))
        let outcome = try act("market-http-export", message, injections)
        let file = try #require(try reply(of: outcome)["SOURCE"])
        #expect(try TestFiles.md5(file) == TestFiles.md5(image))
        #expect(try market.directory.names(in: "datastore") == [URL(filePath: file).lastPathComponent])
    }

    /// If no file can be renamed at all, nothing of the image is written first.
    @Test func findsOutBeforeTheImageIsCopied() throws {
        let outcome = try act(
            "market-http-import", market.importMessage(image),
            ["renameat2:error=ENOSYS", "link:error=ENOSYS", "rename:error=ENOSYS"])
        expectRefusal(
            outcome,
            ["Cannot write an image to '\(market.publicDirectory)'", "Function not implemented; use a file system"])
        #expect(try market.published() == [] && !trace().contains("pwrite64"))
    }

    /// A file system that reports impossible holes: everything is read, and the image is whole.
    @Test func readsAnImageWhoseHolesCannotBe() throws {
        let sparse = try TestFiles.makeSparse(
            market.directory.path("sparse"), length: 3 << 20, data: [1 << 20: TestFiles.noise(4096)])
        for answer in ["lseek:retval=0", "lseek:error=EINVAL", "lseek:retval=1"] {
            let outcome = try act("market-http-import", market.importMessage(sparse), [answer])
            #expect(try TestFiles.md5(market.file(of: reply(of: outcome))) == TestFiles.md5(sparse))
        }
    }

    private func makeHost(_ bridge: Bridge, _ stubs: [String: String]) throws {
        let tools = try bridge.directory.makeDirectory("tools")
        for (name, script) in stubs {
            try bridge.directory.write("tools/\(name)", "#!/bin/sh\n\(script)\n".utf8, mode: 0o755)
        }
        try bridge.server.addHost("poor", command: "PATH=\(tools):$PATH; exec /bin/sh -c \"$SSH_ORIGINAL_COMMAND\"")
    }

    @Test func aBridgeHostMayHaveNeitherModesNorLinks() throws {
        let bridge = try Bridge()
        let refusal = "echo \"$0: changing: Operation not permitted\" >&2; exit 1"
        try makeHost(bridge, ["chmod": refusal, "ln": refusal])
        let outcome = try bridge.importImage(image, [Bridge.marketHosts: "poor"])
        _ = try expectSuccess(outcome)
        let name = try #require(try bridge.published().first)
        #expect(try bridge.published().count == 1 && md5(of: bridge.market + "/" + name) == md5(of: image))
        let file = "poor:\(bridge.market)/\(name)"
        let warning = "the mode of '\(file)' cannot be set to 0644 (Operation not permitted): see that"
        #expect(outcome.errors.contains(warning), "\(outcome.errors)")
    }

    @Test func aBridgeHostThatCannotRenameIsFoundOutFirst() throws {
        let bridge = try Bridge()
        let refusal = "echo \"$0: cannot move: Function not implemented\" >&2; exit 1"
        try makeHost(bridge, ["mv": refusal, "dd": "touch '\(bridge.directory.path("written"))'"])
        let outcome = try bridge.importImage(image, [Bridge.marketHosts: "poor"])
        expectFailure(outcome, "Cannot write an image to '\(bridge.market)' on host poor: Function not implemented")
        #expect(try bridge.isCleanedUp() && bridge.published() == [])
        #expect(!FileManager.default.fileExists(atPath: bridge.directory.path("written")))
    }
}
