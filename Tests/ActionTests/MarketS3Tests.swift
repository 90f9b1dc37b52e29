import DriverProtocol
import Foundation
import Posix
import TestSupport
import Testing

/// The same marketplace on each of the services, in buckets of its own.
@Suite struct MarketS3Tests {
    private static let id = "MARKETPLACEAPP/ID"
    private static let template = "MARKETPLACE/TEMPLATE/"

    @Test(arguments: S3Server.Kind.allCases) func imagesComeBackAsTheyWent(kind: S3Server.Kind) throws {
        let server = try S3Server.shared(kind)
        let market = try BucketMarket(server, bucket: "round-trip")
        for (id, size) in [("1", 0), ("2", 1000), ("3", 5 << 20), ("4", 5 << 20 + 1), ("5", 23 << 20)] {
            let bytes = TestFiles.noise(size, seed: UInt64(size + 1))
            let imported = try reply(of: market.import(bytes, [Self.id: id]))
            let md5 = try TestFiles.md5(market.directory.path("image"))
            #expect(imported["SOURCE"] == "s3://round-trip/marketapp-\(id)")
            #expect(imported["MD5"] == md5)
            #expect(try server.ask("md5", "round-trip", "marketapp-\(id)") == [md5])

            let source = "s3://round-trip/marketapp-\(id)"
            let message = try market.sourceMessage(source).with("MARKETPLACEAPP/MD5", md5)
            guard size > 0 else { continue }
            let exported = try reply(of: market.act("export", message))
            #expect(try TestFiles.md5(#require(exported["SOURCE"])) == md5)
            #expect(
                try reply(of: market.act("import", market.importMessage(source, [Self.id: id + "0"])))["MD5"] == md5)
        }
        #expect(try server.ask("uploads", "round-trip") == [])
        let stale = try market.sourceMessage("s3://round-trip/marketapp-5").with(
            "MARKETPLACEAPP/MD5", String(repeating: "0", count: 32))
        let before = try market.directory.names(in: "datastore")
        expectRefusal(try market.act("export", stale), ["MD5"])
        #expect(try market.directory.names(in: "datastore") == before)
    }

    @Test(arguments: S3Server.Kind.allCases) func anExistingObjectIsRefused(kind: S3Server.Kind) throws {
        let server = try S3Server.shared(kind)
        let market = try BucketMarket(server, bucket: "exists")
        let other = try market.directory.write("other", "somebody else's".utf8)
        try server.tool("put", "exists", "marketapp-7", other)
        expectRefusal(try market.import([1, 2, 3], [Self.id: "7"]), ["s3://exists/marketapp-7", "already"])
        #expect(try server.ask("md5", "exists", "marketapp-7") == [try TestFiles.md5(other)])

        // The same app once more: its first reply was lost.
        _ = try reply(of: market.import([1], [Self.id: "8", "MARKETPLACEAPP/REGTIME": "5"]))
        _ = try reply(of: market.import([1, 2], [Self.id: "8", "MARKETPLACEAPP/REGTIME": "5"]))
        expectRefusal(try market.import([1, 2, 3], [Self.id: "8", "MARKETPLACEAPP/REGTIME": "6"]), ["already"])

        try server.tool("begin-upload", "exists", "marketapp-9")
        try server.tool("begin-upload", "exists", "marketapp-10")
        _ = try reply(of: market.import([1], [Self.id: "9"]))
        // moto begins every upload in 2010, and stores its parts now.
        #expect(try server.ask("uploads", "exists") == ["marketapp-10"])

        // An import that is refused aborts nothing.
        try server.tool("put", "exists", "marketapp-11", other)
        try server.tool("begin-upload", "exists", "marketapp-11")
        expectRefusal(try market.import([1], [Self.id: "11"]), ["already"])
        #expect(try server.ask("uploads", "exists").sorted() == ["marketapp-10", "marketapp-11"])
    }

    @Test(arguments: S3Server.Kind.allCases) func aDamagedImageLeavesNothing(kind: S3Server.Kind) throws {
        let server = try S3Server.shared(kind)
        let market = try BucketMarket(server, bucket: "damaged")
        for size in [1000, 12 << 20] {
            let outcome = try market.import(
                TestFiles.noise(size), ["MD5": String(repeating: "0", count: 32)])
            expectRefusal(outcome, ["MD5"])
            try market.expectNothing()
        }
    }

    @Test(arguments: S3Server.Kind.allCases) func deleteTouchesItsOwnObjectsAlone(kind: S3Server.Kind) throws {
        let server = try S3Server.shared(kind)
        let market = try BucketMarket(server, bucket: "delete")
        let prefix = Self.template + "APP_PREFIX"
        _ = try reply(of: market.import([1], [Self.id: "1", prefix: "a b/+%~é"]))
        #expect(try server.ask("keys", "delete") == ["a b/+%~é-1"])
        let source = "s3://delete/a b/+%~é-1"
        expectRefusal(try market.act("delete", market.sourceMessage(source)), ["SOURCE", "APP_PREFIX"])
        expectRefusal(
            try market.act("delete", market.sourceMessage("s3://other/marketapp-1")), ["SOURCE", "BUCKET 'delete'"])
        expectRefusal(try market.act("delete", market.sourceMessage("marketapp-1")), ["SOURCE"])
        // An accent of its own is another letter to S3.
        expectRefusal(
            try market.act("delete", market.sourceMessage(source, [prefix: "a b/+%~e\u{301}"])), ["APP_PREFIX"])
        let deletion = try market.sourceMessage(source, [prefix: "a b/+%~é"])
        #expect(try market.act("delete", deletion).output == "")
        try market.expectNothing()
        let again = try market.act("delete", deletion)
        #expect(again.status == .exited(0))
        #expect(again.errors.contains("WARN:") && again.errors.contains("already gone"))
    }

    @Test(arguments: S3Server.Kind.allCases) func everyObjectIsCounted(kind: S3Server.Kind) throws {
        let server = try S3Server.shared(kind)
        let market = try BucketMarket(server, bucket: "many")
        try server.tool("fill", "many", "1499", "3000")
        // A name with a character that XML cannot hold.
        let odd = try market.directory.write("odd", repeatElement(1, count: 3000))
        #expect(try server.tool("put", "many", "fill/9\u{1} & more", odd).status.isSuccess)
        let bytes = try #require(Int(server.ask("bytes", "many").first ?? ""))
        #expect(bytes == 1500 * 3000)
        #expect(try market.monitor().output == "USED_MB=5\nFREE_MB=1048571\nTOTAL_MB=1048576\n")
        let full = try market.monitor([Self.template + "TOTAL_MB": "3"])
        #expect(full.output == "USED_MB=5\nFREE_MB=0\nTOTAL_MB=3\n")
    }

    @Test(arguments: S3Server.Kind.allCases) func bucketsThatAreMissing(kind: S3Server.Kind) throws {
        let server = try S3Server.shared(kind)
        let market = try BucketMarket(server, bucket: "not-there", exists: false)
        let gone = try market.sourceMessage("s3://not-there/marketapp-1")
        for outcome in [
            try market.import([1]), try market.monitor(), try market.act("export", gone),
            try market.act("delete", gone),
        ] {
            expectRefusal(
                outcome, ["NoSuchBucket", "not-there", server.endpoint, "CREATE_BUCKET", "HTTP 404", "request"])
        }
        let create = Self.template + "CREATE_BUCKET"
        #expect(try market.monitor([create: "YES"]).output.hasPrefix("USED_MB=0\n"))
        _ = try reply(of: market.import([1], [create: "YES", Self.id: "1"]))
        #expect(try server.ask("keys", "not-there") == ["marketapp-1"])
        expectRefusal(
            try market.act("export", market.sourceMessage("s3://not-there/marketapp-2")),
            ["no such object", "HTTP 404"])
    }

    @Test(arguments: S3Server.Kind.allCases.filter(\.checksKeys)) func keysThatAreWrong(kind: S3Server.Kind) throws {
        let server = try S3Server.shared(kind)
        let market = try BucketMarket(server, bucket: "keys")
        let wrong: [(name: String, value: String, code: String)] = [
            ("SECRET_ACCESS_KEY", "not-the-secret", "SignatureDoesNotMatch"),
            ("ACCESS_KEY_ID", "nobody", "InvalidAccessKeyId"),
            ("ACCESS_KEY_ID", server.otherAccessKey, "AccessDenied"),
        ]
        for (name, value, code) in wrong {
            for outcome in [
                try market.import([1], [Self.template + name: value]),
                try market.monitor([Self.template + name: value]),
            ] {
                expectRefusal(outcome, [code, "HTTP 403", "request", "s3://keys", server.endpoint])
                #expect(!outcome.errors.contains("not-the-secret") && !outcome.errors.contains(server.secretKey))
            }
        }
        try market.expectNothing()
        _ = try reply(of: market.monitor([Self.template + "REGION": "eu-north-7"]))
    }

    @Test(arguments: S3Server.Kind.allCases) func tlsAndProxies(kind: S3Server.Kind) throws {
        let server = try S3Server.shared(kind)
        let market = try BucketMarket(server, bucket: "tls")
        let certificate = try Certificate()
        let nginx = try Nginx(
            root: market.directory.path, certificate: certificate,
            extra: """
                client_max_body_size 0; proxy_request_buffering off; proxy_http_version 1.1;
                location / { proxy_pass \(server.endpoint); proxy_set_header Host $http_host; }
                """)
        let (endpoint, authority) = (Self.template + "ENDPOINT", Self.template + "CA_FILE")
        expectRefusal(try market.monitor([endpoint: nginx.url("")]), ["CA_FILE"])
        let trusting: KeyValuePairs<String, String?> = [
            endpoint: nginx.url(""), authority: certificate.authorityFile, Self.id: "1",
        ]
        _ = try reply(of: market.import(TestFiles.noise(11 << 20), trusting))
        let careless = try market.monitor([endpoint: nginx.url(""), Self.template + "TLS_VERIFY": "NO"])
        #expect(careless.status == .exited(0) && careless.errors.contains("WARN:"))

        let proxy = try FaultServer(root: market.directory.path, proxy: "user:pass/word")
        let through = { (credentials: String) in
            ["https_proxy": "http://\(credentials)@127.0.0.1:\(proxy.port)", "no_proxy": "", "NO_PROXY": ""]
        }
        _ = try reply(
            of: market.import(
                TestFiles.noise(11 << 20),
                [endpoint: nginx.url(""), authority: certificate.authorityFile, Self.id: "2"],
                environment: through("user:pass%2Fword")))
        #expect(try server.ask("keys", "tls") == ["marketapp-1", "marketapp-2"])
        let refused = try market.monitor(
            [endpoint: nginx.url(""), authority: certificate.authorityFile], environment: through("user:wrong"))
        expectRefusal(refused, ["407"])
        #expect(!refused.errors.contains("user:wrong"))
        let plain = ["http_proxy": "http://user:wrong@127.0.0.1:\(proxy.port)", "no_proxy": "", "NO_PROXY": ""]
        expectRefusal(try market.monitor(environment: plain), ["HTTP 407", "into PROXY, or http_proxy"])
    }

    @Test(arguments: S3Server.Kind.allCases.filter(\.knowsVirtualHosts)) func virtualHosts(kind: S3Server.Kind) throws {
        let server = try S3Server.shared(kind)
        let market = try BucketMarket(server, bucket: "virtual")
        let byName: KeyValuePairs<String, String?> = [
            Self.template + "ENDPOINT": server.endpoint.replacing("127.0.0.1", with: "localhost"),
            Self.template + "FORCE_PATH_STYLE": "NO", Self.id: "1",
        ]
        let imported = try reply(of: market.import(TestFiles.noise(11 << 20), byName))
        #expect(try server.ask("md5", "virtual", "marketapp-1") == [try #require(imported["MD5"])])
        #expect(try market.monitor(byName).output.hasPrefix("USED_MB=11\n"))
    }

    @Test func quotasCount() throws {
        let server = try S3Server.shared(.ceph)
        let market = try BucketMarket(server, bucket: "quota", exists: false)
        let small: KeyValuePairs<String, String?> = [
            Self.template + "ACCESS_KEY_ID": server.smallAccessKey, Self.template + "CREATE_BUCKET": "YES",
            Self.id: "1",
        ]
        expectRefusal(try market.import(TestFiles.noise(40 << 20), small), ["QuotaExceeded", "HTTP 403", "quota"])
        #expect(try market.monitor(small).output == "USED_MB=0\nFREE_MB=20\nTOTAL_MB=20\n")
        let uploads = try run(
            PythonTools.command(
                "s3-tool.py", server.endpoint, server.smallAccessKey, server.secretKey, "uploads", "quota"))
        #expect(uploads.output == "" && uploads.status.isSuccess)
        _ = try reply(of: market.import(TestFiles.noise(1 << 20), small))
        #expect(try market.monitor(small).output == "USED_MB=1\nFREE_MB=19\nTOTAL_MB=20\n")
    }

    @Test(arguments: S3Server.Kind.allCases) func lengthsThatAreNotKnown(kind: S3Server.Kind) throws {
        let server = try S3Server.shared(kind)
        let market = try BucketMarket(server, bucket: "chunked")
        let files = try FaultServer(root: market.directory.path)
        for (id, size) in [("1", 0), ("2", 5 << 20), ("3", 10 << 20), ("4", (10 << 20) + 1)] {
            let path = try market.directory.write("image", TestFiles.noise(size))
            let message = try market.importMessage(files.url("/~chunked/image"), [Self.id: id])
            #expect(try reply(of: market.act("import", message))["MD5"] == TestFiles.md5(path))
            #expect(try server.ask("md5", "chunked", "marketapp-\(id)") == [TestFiles.md5(path)])
        }
        #expect(try server.ask("uploads", "chunked") == [])
    }

    @Test func storageAttributesReachTheService() throws {
        let server = try S3Server.shared(.moto)
        let market = try BucketMarket(server, bucket: "storage")
        for (id, size) in [("1", 1000), ("2", 11 << 20)] {
            let (storage, encryption) = (Self.template + "STORAGE_CLASS", Self.template + "SSE")
            let key = Self.template + "SSE_KMS_KEY_ID"
            let values: KeyValuePairs<String, String?> = [storage: "STANDARD_IA", encryption: "AES256", Self.id: id]
            _ = try reply(of: market.import(TestFiles.noise(size), values))
            #expect(try server.ask("storage", "storage", "marketapp-\(id)") == ["STANDARD_IA", "AES256", "-"])
            _ = try reply(
                of: market.import(
                    TestFiles.noise(size), [encryption: "aws:kms", key: "alias/apps", Self.id: id + "0"]))
            #expect(
                try server.ask("storage", "storage", "marketapp-\(id)0") == ["-", "aws:kms", "alias/apps"])
        }
    }

    @Test func storageThatCephLacksIsNamed() throws {
        let server = try S3Server.shared(.ceph)
        let market = try BucketMarket(server, bucket: "lacks")
        for (name, value) in [("SSE", "AES256"), ("STORAGE_CLASS", "NOSUCH")] {
            for size in [1, 11 << 20] {
                expectRefusal(
                    try market.import(TestFiles.noise(size), [Self.template + name: value]), [name, "HTTP 400"])
            }
        }
        try market.expectNothing()
    }

    @Test func aLimitHoldsDownloadsBack() throws {
        let server = try S3Server.shared(.moto)
        let market = try BucketMarket(server, bucket: "limit")
        _ = try reply(of: market.import(TestFiles.noise(2 << 20), [Self.id: "1"]))
        let message = try market.sourceMessage("s3://limit/marketapp-1").with(
            "DATASTORE/TEMPLATE/LIMIT_TRANSFER_BW", "1M")
        let begun = Clock.now
        let exported = try reply(of: market.act("export", message))
        #expect(Clock.now - begun > 1.5)
        #expect(try TestFiles.md5(#require(exported["SOURCE"])) == TestFiles.md5(market.directory.path("image")))
    }

    @Test(arguments: S3Server.Kind.allCases) func signalsLeaveNothing(kind: S3Server.Kind) throws {
        let server = try S3Server.shared(kind)
        let market = try BucketMarket(server, bucket: "signals")
        let image = try TestFiles.makeSparse(
            market.directory.path("large"), length: 3 << 30, data: [0: TestFiles.noise(8 << 20)])
        let message = try market.importMessage(image, [Self.id: "1"])
        func interrupt(_ signal: Int32) throws -> Outcome {
            let action = try RunningAction(
                "market-s3-import", message, in: market.directory, watched: market.datastore)
            action.wait(for: .progress(8 << 20, delay: 0.2))
            action.send(signal)
            return try action.finish()
        }
        expectRefusal(try interrupt(SIGTERM), ["signal 15"])
        try market.expectNothing()
        #expect(try interrupt(SIGKILL).status == .signalled(SIGKILL))
        #expect(try server.ask("keys", "signals") == [])
        _ = try reply(of: market.import([1], [Self.id: "1"]))
        #expect(try server.ask("uploads", "signals") == [])
    }
}
