import DriverProtocol
import TestSupport
import Testing

/// Tests for which only some services do: keys that expire, and an object that differs from its ETag.
@Suite struct MarketS3CheckTests {
    @Test func keysThatPassNeedTheirToken() throws {
        let server = try S3Server(.ceph, hasSessions: true)
        let market = try BucketMarket(server, bucket: "session")
        let keys = try server.ask("session", "apps")
        func session(token: String) -> KeyValuePairs<String, String?> {
            [
                "MARKETPLACE/TEMPLATE/ACCESS_KEY_ID": keys[0], "MARKETPLACE/TEMPLATE/SECRET_ACCESS_KEY": keys[1],
                "MARKETPLACE/TEMPLATE/SESSION_TOKEN": token, "MARKETPLACEAPP/ID": "1",
            ]
        }
        let imported = try reply(of: market.import(TestFiles.noise(11 << 20), session(token: keys[2])))
        #expect(try server.ask("md5", "session", "marketapp-1") == [try #require(imported["MD5"])])
        let refused = try market.import([1], session(token: "not-the-token"))
        expectRefusal(refused, ["s3://session"])
        #expect(!refused.errors.contains("not-the-token"))
    }

    /// An object whose own MD5 is not that of its bytes, and an app that has none.
    @Test func anExportWithoutChecksumIsHeldAgainstTheObjects() throws {
        let strict = try StrictS3Server()
        let directory = try TemporaryDirectory()
        let datastore = try directory.makeDirectory("datastore")
        let message = try DriverMessage("market-s3-delete").with([
            "MARKETPLACE/TEMPLATE/BUCKET": "b", "MARKETPLACE/TEMPLATE/ENDPOINT": strict.endpoint,
            "MARKETPLACE/TEMPLATE/FORCE_PATH_STYLE": "YES", "MARKETPLACEAPP/SOURCE": "s3://b/damaged",
            "MARKETPLACEAPP/FORMAT": "raw", "MARKETPLACEAPP/MD5": nil, "DATASTORE/BASE_PATH": datastore,
            "DATASTORE/DS_MAD": "fs",
        ])
        let outcome = try run(
            Programs.action("market-s3-export"), input: message.base64, environment: ["ONE_LOCATION": directory.path])
        expectRefusal(outcome, ["its MD5 is"])
        #expect(try directory.names(in: "datastore") == [])
        #expect(try strict.asked().contains("GET /b/damaged 0-2"))
    }
}
