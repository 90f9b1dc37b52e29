import Bytes
import DriverProtocol
import Foundation
import TestSupport
import Testing

/// A redirector whose next mirror, after a break, has another file of the same length: what came of both is thrown
/// away, and the transfer starts over.
@Suite struct MirrorTests {
    private let market: LocalMarket
    private let server: FaultServer
    private let image: String

    /// - Parameter compressor: what the served image is compressed with; nil leaves it as it is.
    private init(_ compressor: String?) throws {
        market = try LocalMarket()
        image = try market.directory.write("image", TestFiles.noise(300_000))
        let served = try market.directory.makeDirectory("served") + "/good"
        try TestFiles.succeed(["sh", "-c", "\"$1\" < \"$2\" > \"$3\"", "sh", compressor ?? "cat", image, served])
        var other = [UInt8](try Data(contentsOf: URL(filePath: served)))
        for position in other.indices where position > other.count / 2 { other[position] ^= 0x55 }
        try market.directory.write("served/other", other)
        server = try FaultServer(root: market.directory.path("served"))
    }

    /// A location that leads to these places, one after the other, to the last one for ever.
    private func location(_ places: [String]) -> String {
        server.url("/~mirrors=" + places.map { hexadecimal(server.url($0).utf8) }.joined(separator: ","))
    }

    /// Breaks off, each under a name of its own, which is counted by itself.
    private static func cut(_ number: Int) -> String { "/~cut=70000,1/~tag=\(number)/good" }

    private func export(_ places: [String]) throws -> Outcome {
        let sum = try TestFiles.md5(market.directory.path("served/good"))
        return try market.act(
            "market-http-export",
            market.appExportMessage("image", from: location(places)).with("MARKETPLACEAPP/MD5", sum))
    }

    /// As it is, and compressed, so that a decompressor finds the damage before a checksum does.
    @Test(arguments: [nil, "zstd", "gzip"], [1, 2])
    static func startsOver(_ compressor: String?, times: Int) throws {
        let rig = try MirrorTests(compressor)
        let outcome = try rig.export((1...times).flatMap { [cut($0), "/other"] } + ["/good"])
        let reply = try reply(of: outcome)
        #expect(try run(["cmp", rig.image, #require(reply["SOURCE"])]).status.isSuccess)
        #expect(try rig.server.requests().count == 4 * times + 2)
        #expect(outcome.errors.components(separatedBy: "starting over").count == times + 1, "\(outcome.errors)")
        #expect(try rig.market.directory.names(in: "datastore").count == 1)
    }

    @Test static func givesUpInTheEnd() throws {
        let rig = try MirrorTests(nil)
        let outcome = try rig.export((1...3).flatMap { [cut($0), "/other"] } + ["/good"])
        expectRefusal(outcome, ["its MD5 is "])
        #expect(try rig.market.directory.names(in: "datastore") == [])
    }

    /// One server that has another file in place of the right one will have it again.
    @Test static func doesNotStartOverWhereOneServerHasSentAll() throws {
        let rig = try MirrorTests(nil)
        expectRefusal(try rig.export(["/other"]), ["its MD5 is "])
        #expect(try rig.server.requests().count == 2)
    }

    /// A file can be written anew, what has gone to standard output can't be taken back.
    @Test(arguments: [true, false]) static func downloadsStartOverIntoAFile(_ isFile: Bool) throws {
        let rig = try MirrorTests(nil)
        let target = rig.market.directory.path("target")
        let outcome = try rig.market.act(
            "datastore-downloader.sh",
            arguments: [
                "--md5", TestFiles.md5(rig.image), rig.location([cut(1), "/other", "/good"]), isFile ? target : "-",
            ], input: [], environment: ["DRV_ACTION": ""],
            through: isFile ? [] : ["sh", "-c", "\"$@\" > /dev/null", "sh"])
        #expect(outcome.status == .exited(isFile ? 0 : 1))
        #expect(outcome.errors.contains("starting over") == isFile)
        if isFile {
            #expect(try run(["cmp", rig.image, target]).status.isSuccess)
        } else {
            expectRefusal(outcome, ["its MD5 is "])
        }
    }

    @Test static func importsStartOverToo() throws {
        let rig = try MirrorTests(nil)
        let sum = try TestFiles.md5(rig.image)
        let outcome = try rig.market.import(rig.location([cut(1), "/other", "/good"]), md5: sum)
        #expect(try reply(of: outcome)["MD5"] == sum)
        #expect(try rig.market.published().count == 1)
        let refused = try rig.market.import(
            rig.location([cut(11), "/other", cut(12), "/other", cut(13), "/other"]), md5: sum)
        expectRefusal(refused, ["its MD5 is "])
        #expect(try rig.market.published().count == 1)
    }
}
