import TestSupport
import Testing

/// `market/s3/check`: each right of the keys by itself.
@Suite struct BucketCheckTests {
    private static let access = ["user", "attributes", "server", "clock", "keys", "region", "bucket"]
    private static let rights = ["list", "uploads", "put", "get", "range", "multipart", "abort", "delete"]
    private static let rest = rights.joined(separator: ", ")

    private func check(_ market: BucketMarket, _ values: KeyValuePairs<String, String?> = [:]) throws -> Outcome {
        let paths = values.map { ("MARKETPLACE/TEMPLATE/" + $0.key, $0.value) }
        let message = try paths.reduce(market.message("market-s3-monitor")) { $0.with($1.0, $1.1) }
        return try market.act("check", message)
    }

    @Test(arguments: S3Server.Kind.allCases) func aBucketWithItsKeys(kind: S3Server.Kind) throws {
        let market = try BucketMarket(S3Server.shared(kind), bucket: "checked")
        expectCheck(try check(market), ok: Self.access + Self.rights)
        try market.expectNothing()
        expectCheck(
            try check(market, ["READ_LENGTH": "100"]), ok: Self.access + Self.rights.filter { $0 != "multipart" },
            skipped: ["multipart"])
        try market.expectNothing()
    }

    @Test(arguments: S3Server.Kind.allCases) func aBucketThatIsMissing(kind: S3Server.Kind) throws {
        let market = try BucketMarket(S3Server.shared(kind), bucket: "never-made", exists: false)
        expectCheck(
            try check(market), ok: Self.access.dropLast(), failed: ["bucket": "NoSuchBucket"], skipped: [Self.rest])
        let outcome = try check(market, ["CREATE_BUCKET": "YES"])
        expectCheck(outcome, ok: Self.access, skipped: [Self.rest])
        #expect(outcome.output.contains("the first import makes it"))
    }

    @Test(arguments: S3Server.Kind.allCases.filter(\.checksKeys)) func keysThatAreRefused(kind: S3Server.Kind) throws {
        let market = try BucketMarket(S3Server.shared(kind), bucket: "refused-keys")
        for (values, words) in [
            (["ACCESS_KEY_ID": "nobody"], "correct ACCESS_KEY_ID: this service does not know it"),
            (["SECRET_ACCESS_KEY": "wrong"], "correct SECRET_ACCESS_KEY"),
        ] as [(KeyValuePairs<String, String?>, String)] {
            expectCheck(
                try check(market, values), ok: ["user", "attributes", "server", "clock"], failed: ["keys": words],
                skipped: [Self.rest])
        }
        expectCheck(
            try check(market, ["ACCESS_KEY_ID": market.server.otherAccessKey]), ok: Self.access.dropLast(),
            failed: ["bucket": "allow the owner of ACCESS_KEY_ID to list, read, write and delete"], skipped: [Self.rest]
        )
        try market.expectNothing()
    }

    @Test func aServiceThatCannotBeReached() throws {
        let market = try BucketMarket(S3Server.shared(.moto), bucket: "unreached", exists: false)
        expectCheck(
            try check(market, ["ENDPOINT": "http://127.0.0.1:1"]), ok: ["user", "attributes"],
            failed: ["server": "Failed to connect"], skipped: [Self.rest])
    }

    @Test func aWebServerThatKnowsNothingOfS3() throws {
        let market = try BucketMarket(S3Server.shared(.moto), bucket: "of-no-service", exists: false)
        let server = try FaultServer(root: TemporaryDirectory().path)
        expectCheck(
            try check(market, ["ENDPOINT": "http://127.0.0.1:\(server.port)", "FORCE_PATH_STYLE": "YES"]),
            ok: ["user", "attributes", "server", "clock"], failed: ["keys": "the answer is not S3's"],
            skipped: [Self.rest])
    }

    // MARK: Clock, region and TLS

    private func strict(_ server: StrictS3Server, _ values: KeyValuePairs<String, String?> = [:]) throws -> Outcome {
        let directory = try TemporaryDirectory()
        let message = try DriverMessage("market-s3-monitor").with([
            "MARKETPLACE/TEMPLATE/BUCKET": "b", "MARKETPLACE/TEMPLATE/ENDPOINT": server.endpoint,
            "MARKETPLACE/TEMPLATE/FORCE_PATH_STYLE": "YES", "MARKETPLACE/TEMPLATE/REGION": "us-east-1",
            "MARKETPLACE/TEMPLATE/READ_LENGTH": "5",
        ])
        return try run(
            Programs.action("market-s3-check"), input: message.base64, environment: ["ONE_LOCATION": directory.path])
    }

    /// Seconds that the service is ahead, and what is told of them.
    @Test(arguments: [(30, nil), (-100, "100 s ahead of"), (2000, "2000 s behind")] as [(Int, String?)])
    func aClockThatIsOff(seconds: Int, words: String?) throws {
        let outcome = try strict(StrictS3Server(clock: seconds))
        #expect(outcome.status == .exited(0), "\(outcome)")
        let line = outcome.output.split(separator: "\n").first { $0.contains("clock: ") } ?? ""
        #expect(line.hasPrefix(words == nil ? "ok " : "note "), "\(outcome)")
        if let words {
            let number = words.prefix { $0 != " " }
            let isThere =
                line.contains(words) || line.contains(words.replacing(number, with: "\((Int(number) ?? 0) + 1)"))
                || line.contains(words.replacing(number, with: "\((Int(number) ?? 0) - 1)"))
            #expect(isThere, "\(line)")
        }
    }

    @Test func aRegionThatIsAnother() throws {
        let outcome = try strict(StrictS3Server(region: "eu-central-1"))
        #expect(outcome.output.contains("note    region: the bucket is in eu-central-1, and us-east-1 was asked for"))
        #expect(outcome.status == .exited(0), "\(outcome)")
    }

    @Test func aBucketThatIsForbidden() throws {
        expectCheck(
            try strict(StrictS3Server(["forbidden"])), ok: Self.access.dropLast(), failed: ["bucket": "AccessDenied"],
            skipped: [Self.rest])
    }

    /// A portal that answers all that writes with a page of its own: what needs an object is not tried.
    @Test func nothingThatCanBeWritten() throws {
        let reason = "the answer is not"
        expectCheck(
            try strict(StrictS3Server(["portal"])), ok: Self.access + ["list", "uploads"],
            failed: ["put": reason, "multipart": reason, "abort": reason], skipped: ["get, range", "delete"])
    }

    /// An upload that the service refuses in the end does not stop the others.
    @Test func anUploadThatCannotBeCompleted() throws {
        expectCheck(
            try strict(StrictS3Server(["refused-late"])), ok: Self.access + Self.rights.filter { $0 != "multipart" },
            failed: ["multipart": "Cannot complete the upload of s3://b/marketapp-check-"])
    }

    @Test func rangesThatAreNotKnown() throws {
        let outcome = try strict(StrictS3Server(["whole"]))
        #expect(outcome.output.contains("FAILED  range: "), "\(outcome)")
    }

    @Test func anUploadThatCannotBeAborted() throws {
        let outcome = try strict(StrictS3Server(["no-abort"]))
        #expect(outcome.output.contains("FAILED  abort: "), "\(outcome)")
    }

    @Test func aServiceWithTLS() throws {
        let server = try S3Server.shared(.moto)
        let market = try BucketMarket(server, bucket: "checked-tls")
        let certificate = try Certificate()
        let nginx = try Nginx(
            root: market.datastore, certificate: certificate,
            extra: "client_max_body_size 0; "
                + "location / { proxy_pass \(server.endpoint); proxy_set_header Host $http_host; }")
        expectCheck(
            try check(market, ["ENDPOINT": nginx.url("")]), ok: ["user", "attributes"],
            failed: ["server": "set CA_FILE"], skipped: [Self.rest])
        expectCheck(
            try check(market, ["ENDPOINT": nginx.url(""), "CA_FILE": certificate.authorityFile]),
            ok: (Self.access + Self.rights).flatMap { $0 == "server" ? ["CA_FILE", $0] : [$0] },
            notes: ["TLS": "the certificate expires on 20"])
        try market.expectNothing()
    }
}
