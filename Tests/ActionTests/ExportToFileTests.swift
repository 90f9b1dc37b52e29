import DriverProtocol
import Foundation
import TestSupport
import Testing

/// `market/*/export --to PATH`: an app into a file, without a datastore.
@Suite struct ExportToFileTests {
    private let market: LocalMarket
    private let target: String

    init() throws {
        market = try LocalMarket()
        _ = try market.directory.makeDirectory("here")
        target = market.directory.path("here/app")
    }

    private func export(_ program: String, _ message: DriverMessage, _ arguments: [String]? = nil) throws -> Outcome {
        try market.act(
            program, arguments: arguments ?? ["--to", target, "7"], input: message.with("DATASTORE", nil).base64)
    }

    /// Expects that the app has come as `original`, and stands in the reply.
    private func expectFile(_ outcome: Outcome, _ original: String, format: String = "raw") throws {
        let reply = try reply(of: outcome)
        #expect(reply["SOURCE"] == target && reply["FORMAT"] == format)
        #expect(try reply["MD5"] == TestFiles.md5(target))
        #expect(try run(["cmp", original, target]).status.isSuccess)
        #expect(try market.directory.names(in: "here") == ["app"])
        #expect(try market.directory.names(in: "datastore") == [])
    }

    @Test(arguments: ["market-http-export", "market-one-export"])
    func fromAWebServer(_ program: String) throws {
        let nginx = try Nginx(root: market.publicDirectory)
        let disk = try TestFiles.makeImage(market.publicDirectory + "/app", format: "qcow2", size: "64M")
        let message = try market.appExportMessage("app", from: nginx.url(""), format: "qcow2")
        let md5 = try TestFiles.md5(disk)
        try expectFile(export(program, message.with("MARKETPLACEAPP/MD5", md5)), disk, format: "qcow2")
        expectRefusal(try export(program, message), [target, "there is something of that name already"])
        unlink(target)
        let wrong = message.with("MARKETPLACEAPP/MD5", String(repeating: "0", count: 32))
        expectRefusal(try export(program, wrong, ["--to=" + target]), ["its MD5 is"])
        #expect(try market.directory.names(in: "here") == [])
    }

    @Test func fromABucket() throws {
        let bucket = try BucketMarket(S3Server.shared(.seaweed), bucket: "to-a-file")
        let bytes = TestFiles.noise(3 << 20)
        let source = try market.directory.write("disk", bytes)
        let location = try reply(of: bucket.import(bytes))["SOURCE"]
        let message = try bucket.sourceMessage(try #require(location))
        try expectFile(export("market-s3-export", message), source)
    }

    @Test(arguments: [
        ("market-http-export", ["--to"], "--to names no file"), ("market-http-export", ["--to="], "--to names no file"),
        ("market-http-export", ["--to", "/"], "Cannot write to '/'"),
        ("market-http-export", ["--to", "/nowhere/app"], "No such file or directory"),
        ("market-http-import", ["--to", "x"], "it knows no --to"), ("datastore-fs-cp", ["--to=x"], "it knows no --to"),
        ("market-http-export", [], "DATASTORE/BASE_PATH is missing"),
    ])
    func refusals(_ program: String, _ arguments: [String], _ cause: String) throws {
        let message = try market.appExportMessage("app", from: LocalMarket.baseURL)
        expectRefusal(try export(program, message, arguments), [cause])
    }
}
