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
        ("BUCKET", "a/b"), ("BUCKET", "ä"), ("APP_PREFIX", "/a"), ("APP_PREFIX", "a\"b"), ("APP_PREFIX", "a]]>b"),
        ("APP_PREFIX", "a\u{85}b"), ("SIGNATURE_VERSION", "v3"),
        ("REGION", "eu west"), ("ENDPOINT", "ftp://a"), ("ENDPOINT", "http://"), ("ENDPOINT", "http://a:0x"),
        ("ENDPOINT", "http://a?b"), ("FORCE_PATH_STYLE", "perhaps"), ("AWS", "2"), ("TOTAL_MB", "1TB"),
        ("TOTAL_MB", "-1"), ("READ_LENGTH", "4"), ("READ_LENGTH", "5121"), ("READ_LENGTH", "x"),
        ("MAX_PARTS", "1"), ("MAX_PARTS", "10001"), ("MAX_PARTS", "many"), ("UPLOAD_CONCURRENCY", "0"),
        ("UPLOAD_CONCURRENCY", "65"), ("TLS_VERIFY", "never"), ("STORAGE_CLASS", "A B"),
        ("SSE", "rot13"), ("SSE_KMS_KEY_ID", "key"), ("CREATE_BUCKET", "y"), ("ACCESS_KEY_ID", "a b"),
        ("TOTAL_MB", "9223372036854775808"), ("ENDPOINT", "https://me:hidden@a"), ("ENDPOINT", "me:hidden@a"),
        ("PROXY", "gopher://h"), ("PROXY", "http://"), ("PROXY", "a b"), ("PROXY", "me:hid\nden@h"),
    ]

    @Test(arguments: bad) func aBadValueIsAnErrorThatNamesIt(name: String, value: String) throws {
        let error = #expect(throws: DriverError.self) { _ = try Self.market([name: value]) }
        #expect(error?.object.hasSuffix("/" + name) == true, "\(String(describing: error))")
        #expect(error?.description.contains("hidden") == false)
        #expect(name != "ENDPOINT" || !value.contains("@") || error?.cause.contains("a user or a password") == true)
    }

    @Test func anAddressIsDividedAtItsSlashes() {
        #expect(S3Address("s3://b/\u{301}/k").map { [$0.bucket, $0.key] } == ["b", "\u{301}/k"])
        for none in ["s3://b", "s3://b/", "s3:///k", "http://b/k", ""] { #expect(S3Address(none) == nil) }
    }

    @Test func theLargestSizeCanBePrinted() throws {
        #expect(try Self.market(["TOTAL_MB": "9223372036854775807"]).totalMB == 9_223_372_036_854_775_807)
    }

    @Test func theDefaultsAreThoseOfTheStockDriver() throws {
        let market = try Self.market([:])
        #expect(market.object(ofApp: "7").key == "marketapp-7")
        #expect(market.totalMB == 1_048_576)
        #expect(market.concurrency == 4 && market.maximumParts == 10_000)
        #expect(try Self.market(["MAX_PARTS": "1000"]).maximumParts == 1000)
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
            [default]
            # a comment
            aws_access_key_id = one
            aws_secret_access_key = two=
            [ other ]
            AWS_ACCESS_KEY_ID=three
            aws_secret_access_key : four:=,
            aws_session_token = five

            """
        let file = try directory.write("credentials", ("\u{FEFF}" + text).utf8, mode: 0o600)
        let keys: KeyValuePairs<String, String?> = [
            "ACCESS_KEY_ID": nil, "SECRET_ACCESS_KEY": nil, "CREDENTIALS_FILE": file,
        ]
        var expected = S3Credentials(accessKeyID: "one", secretAccessKey: "two=")
        expected.names = .file
        #expect(try Self.market(keys).service.credentials == expected)
        // oned wants keys in the template, too: the file goes first.
        #expect(try Self.market(["CREDENTIALS_FILE": file]).service.credentials == expected)
        let other = try Self.market([
            "ACCESS_KEY_ID": nil, "SECRET_ACCESS_KEY": nil, "CREDENTIALS_FILE": file, "PROFILE": "other",
        ])
        expected = S3Credentials(accessKeyID: "three", secretAccessKey: "four:=,", sessionToken: "five")
        expected.names = .file
        #expect(other.service.credentials == expected)
    }

    static let badFiles: [(file: String, profile: String, words: String)] = [
        ("missing", "default", "correct the path"), ("", "default", "name the file in it"),
        ("large", "default", "less than 1 MiB"), ("credentials", "nobody", "[nobody]"),
        ("credentials", "half", "no aws_secret_access_key"), ("credentials", "odd", "aws_secret_access_key of [odd]"),
        ("credentials", "comma", "aws_access_key_id of [comma]"),
    ]

    @Test(arguments: badFiles) func aFileThatWillNotDoIsNamed(file: String, profile: String, words: String) throws {
        let directory = try TemporaryDirectory()
        let text = """
            [half]
            aws_access_key_id = secretive
            [odd]
            aws_access_key_id = id
            aws_secret_access_key = secretive ; mine
            [comma]
            aws_access_key_id = secretive,
            aws_secret_access_key = s
            """
        try directory.write("credentials", text.utf8, mode: 0o600)
        try directory.write("large", [UInt8](repeating: 0x23, count: 1 << 20 + 1), mode: 0o600)
        let error = #expect(throws: DriverError.self) {
            _ = try Self.market([
                "ACCESS_KEY_ID": nil, "SECRET_ACCESS_KEY": nil, "CREDENTIALS_FILE": directory.path(file),
                "PROFILE": profile,
            ])
        }
        #expect(error?.object.contains(directory.path(file)) == true)
        #expect(error?.description.contains(words) == true, "\(String(describing: error))")
        #expect(error?.description.contains("secretive") == false)
    }

    @Test func keysThatDoNotGoTogetherAreErrors() throws {
        let relative = #expect(throws: DriverError.self) { _ = try Self.market(["CREDENTIALS_FILE": "keys"]) }
        #expect(relative?.object.contains("CREDENTIALS_FILE") == true)
        let token = #expect(throws: DriverError.self) {
            _ = try Self.market([
                "ACCESS_KEY_ID": nil, "SECRET_ACCESS_KEY": nil, "CREDENTIALS_FILE": "/none", "SESSION_TOKEN": "hidden",
            ])
        }
        #expect(token?.object.hasSuffix("SESSION_TOKEN") == true)
        #expect(token?.description.contains("hidden") == false)
        let missing = #expect(throws: DriverError.self) { _ = try Self.market(["ACCESS_KEY_ID": nil]) }
        #expect(missing?.description.contains("CREDENTIALS_FILE") == false)
    }

    static let refusals = ["AccessDenied", "SignatureDoesNotMatch", "InvalidAccessKeyId", "ExpiredToken"]

    @Test(arguments: refusals) func whatToCorrectIsNamedWhereItStands(code: String) {
        let template = S3Remedy.remedy(code: code, status: 403, keys: .template)
        let file = S3Remedy.remedy(code: code, status: 403, keys: .file)
        #expect(!template.contains("CREDENTIALS_FILE") && !template.contains("aws_"))
        #expect(file.contains(" in CREDENTIALS_FILE") && !file.contains("SECRET_ACCESS_KEY"))
    }
}
