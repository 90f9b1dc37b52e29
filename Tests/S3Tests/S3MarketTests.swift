import DriverProtocol
import TestSupport
import Testing

@testable import S3

/// The attributes of a marketplace.
@Suite struct S3MarketTests {
    private static let log = Log(action: "test", id: "1") { _ in }

    private static func market(_ values: KeyValuePairs<String, String?>) throws -> S3Market {
        var message = try DriverMessage("market-s3-monitor")
        for (name, value) in values { message = message.with("MARKETPLACE/TEMPLATE/\(name)", value) }
        return try S3Market(Message(text: message.base64), log: log)
    }

    static let bad: [(name: String, value: String)] = [
        ("BUCKET", "a/b"), ("BUCKET", "ä"), ("APP_PREFIX", "/a"), ("APP_PREFIX", "a\"b"), ("SIGNATURE_VERSION", "v3"),
        ("REGION", "eu west"), ("ENDPOINT", "ftp://a"), ("ENDPOINT", "http://"), ("ENDPOINT", "http://a:0x"),
        ("ENDPOINT", "http://a?b"), ("FORCE_PATH_STYLE", "perhaps"), ("AWS", "2"), ("TOTAL_MB", "1TB"),
        ("TOTAL_MB", "-1"), ("READ_LENGTH", "4"), ("READ_LENGTH", "5121"), ("READ_LENGTH", "x"),
        ("UPLOAD_CONCURRENCY", "0"), ("UPLOAD_CONCURRENCY", "65"), ("TLS_VERIFY", "never"), ("STORAGE_CLASS", "A B"),
        ("SSE", "rot13"), ("SSE_KMS_KEY_ID", "key"), ("CREATE_BUCKET", "y"), ("ACCESS_KEY_ID", "a b"),
    ]

    @Test(arguments: bad) func aBadValueIsAnErrorThatNamesIt(name: String, value: String) throws {
        let error = #expect(throws: DriverError.self) { _ = try Self.market([name: value]) }
        #expect(error?.object.hasSuffix("/" + name) == true, "\(String(describing: error))")
    }

    @Test func theDefaultsAreThoseOfTheStockDriver() throws {
        let market = try Self.market([:])
        #expect(market.key(ofApp: "7") == "marketapp-7")
        #expect(market.totalMB == nil)
        #expect(market.concurrency == 4)
        #expect(market.storageHeaders.isEmpty)
        #expect(!market.createsBucket)
    }

    static let versions: [String?] = [nil, "", "s3", "s3v4", "v4", "V4"]

    @Test(arguments: versions) func everySignatureVersionMeansFour(version: String?) throws {
        _ = try Self.market(["SIGNATURE_VERSION": version])
    }

    @Test func amazonNeedsNoEndpoint() throws {
        let market = try Self.market(["ENDPOINT": nil, "AWS": "YES", "REGION": "eu-west-1", "FORCE_PATH_STYLE": nil])
        #expect(market.service.endpoint.name == "https://s3.eu-west-1.amazonaws.com")
        let place = market.service.endpoint.location(bucket: "apps", key: "a b")
        #expect(place.host == "apps.s3.eu-west-1.amazonaws.com")
        #expect(place.path == "/a%20b")
        let error = #expect(throws: DriverError.self) { _ = try Self.market(["ENDPOINT": nil, "AWS": "NO"]) }
        #expect(error?.remedy.contains("ENDPOINT") == true)
    }

    @Test func encryptionAndStorageClassBecomeHeaders() throws {
        let market = try Self.market(["SSE": "aws:kms", "SSE_KMS_KEY_ID": "k1", "STORAGE_CLASS": "STANDARD_IA"])
        let names = market.storageHeaders.map { "\($0.0)=\($0.1)" }
        #expect(
            names == [
                "x-amz-storage-class=STANDARD_IA", "x-amz-server-side-encryption=aws:kms",
                "x-amz-server-side-encryption-aws-kms-key-id=k1",
            ])
    }

    @Test func keysComeFromAFile() throws {
        let directory = try TemporaryDirectory()
        let text = """
            # a comment
            [default]
            aws_access_key_id = one
            aws_secret_access_key = two=
            [ other ]
            AWS_ACCESS_KEY_ID=three
            aws_secret_access_key=four
            aws_session_token = five

            """
        let file = try directory.write("credentials", text.utf8, mode: 0o600)
        let keys: KeyValuePairs<String, String?> = [
            "ACCESS_KEY_ID": nil, "SECRET_ACCESS_KEY": nil, "CREDENTIALS_FILE": file,
        ]
        #expect(
            try Self.market(keys).service.credentials == S3Credentials(accessKeyID: "one", secretAccessKey: "two="))
        let other = try Self.market([
            "ACCESS_KEY_ID": nil, "SECRET_ACCESS_KEY": nil, "CREDENTIALS_FILE": file, "PROFILE": "other",
        ])
        #expect(
            other.service.credentials
                == S3Credentials(accessKeyID: "three", secretAccessKey: "four", sessionToken: "five"))
    }

    static let badFiles: [(file: String, profile: String)] = [
        ("missing", "default"), ("credentials", "nobody"), ("credentials", "half"),
    ]

    @Test(arguments: badFiles) func aFileThatWillNotDoIsNamed(file: String, profile: String) throws {
        let directory = try TemporaryDirectory()
        try directory.write("credentials", "[half]\naws_access_key_id = secretive\n".utf8, mode: 0o600)
        let error = #expect(throws: DriverError.self) {
            _ = try Self.market([
                "ACCESS_KEY_ID": nil, "SECRET_ACCESS_KEY": nil, "CREDENTIALS_FILE": directory.path(file),
                "PROFILE": profile,
            ])
        }
        #expect(error?.object.contains(directory.path(file)) == true)
        #expect(error.map { "\($0)".contains("secretive") } == false)
    }
}
