import Foundation
import Posix
import TestSupport
import Testing

/// How much memory a program has needed.
enum Memory {
    /// Runs a program, and tells its peak of resident memory in KiB on standard error.
    static let measure = [
        "python3", "-c",
        """
        import resource, subprocess, sys
        code = subprocess.call(sys.argv[1:])
        print("INFO: peak", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
        sys.exit(code)
        """,
    ]

    /// The peak that ``measure`` has told, in KiB.
    static func peak(_ outcome: Outcome) throws -> Int {
        let line = try #require(outcome.errors.split(separator: "\n").last { $0.hasPrefix("INFO: peak ") })
        return try #require(Int(line.dropFirst("INFO: peak ".count)))
    }
}

/// Images of the size that people have: what they cost in memory and on the disk.
@Suite struct MemoryTests {
    private let market: LocalMarket
    private static let limit = 40 << 10

    init() throws {
        market = try LocalMarket()
    }

    private func measured(_ program: String, _ message: DriverMessage) throws -> Outcome {
        try market.act(program, input: message.base64, through: Memory.measure)
    }

    @Test func importsASparseImageOf4GiB() throws {
        let image = try TestFiles.makeSparse(
            market.directory.path("image"), length: 4 << 30,
            data: [0: TestFiles.noise(1 << 20), 3 << 30: TestFiles.noise(70_000), (4 << 30) - 5: [1, 2, 3, 4, 5]])
        let outcome = try measured("market-http-import", market.importMessage(image))
        let reply = try reply(of: outcome)
        let file = try market.file(of: reply)
        #expect(try run(["cmp", image, file]).status.isSuccess)
        #expect(try reply["MD5"] == TestFiles.md5(image))
        let status = try TestFiles.status(file)
        #expect(status.size == 4 << 30 && status.allocatedSize < 2 << 20)
        #expect(try Memory.peak(outcome) < Self.limit)
    }

    @Test func importsAnImageOf1GiB() throws {
        let image = market.directory.path("image")
        try TestFiles.succeed(["sh", "-c", "head -c 1G /dev/urandom > \"$1\"", "sh", image])
        let outcome = try measured("market-http-import", market.importMessage(image))
        let reply = try reply(of: outcome)
        #expect(try run(["cmp", image, market.file(of: reply)]).status.isSuccess)
        #expect(try Memory.peak(outcome) < Self.limit)
    }

    /// A hole is digested at the speed of data, in as little memory, however large it is.
    @Test func exportsAnImageOf4GiB() throws {
        let image = try TestFiles.makeSparse(market.datastore + "/image", length: 4 << 30, data: [1 << 20: [1]])
        let outcome = try measured("datastore-fs-export", market.exportMessage(image))
        #expect(outcome.status == .exited(0))
        #expect(outcome.output.contains("<SIZE><![CDATA[4096]]></SIZE>"))
        #expect(try Memory.peak(outcome) < Self.limit)
    }
}
