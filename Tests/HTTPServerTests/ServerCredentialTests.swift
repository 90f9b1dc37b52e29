import DriverProtocol
import TestSupport
import Testing

@testable import HTTP

/// AUTH_FILE: how it is read, and which servers get the credential.
struct ServerCredentialTests {
    static let files: [(text: String, field: String?)] = [
        ("Basic user:pass word\n", "Basic dXNlcjpwYXNzIHdvcmQ="), ("basic\tuser:p:q", nil),
        ("BASIC user:p:q", "Basic dXNlcjpwOnE="), ("Basic dXNlcjpwYXNz", "Basic dXNlcjpwYXNz"),
        ("# of the mirror\n\n  Bearer  abc.DEF-_~+/=  \nBasic a:b\n", "Bearer abc.DEF-_~+/="),
        ("bearer x\r\n", "Bearer x"),
        ("", nil), ("# Basic a:b", nil), ("Basic", nil), ("Bearer ", nil), ("Bearer a b", nil), ("Digest a:b", nil),
        ("user:password", nil), ("Basic dXNlcg==", nil), ("Basic nobody", nil), ("Basic a:b\u{7}", nil),
        ("Bearer tökn", nil),
    ]

    @Test(arguments: files) func aFileComesToOneField(text: String, field: String?) {
        #expect(ServerCredential.field(text) == field)
    }

    static let servers: [(url: String, server: String?)] = [
        ("https://Mirror.example/a", "https://mirror.example:443"),
        ("HTTPS://mirror.example:443", "https://mirror.example:443"),
        ("http://h", "http://h:80"), ("http://h:080/x?y#z", "http://h:80"), ("http://h:", "http://h:80"),
        ("http://[::1]/a", "http://[::1]:80"), ("http://[::1]:8080", "http://[::1]:8080"),
        ("https://a:b@h/", nil), ("ftp://h", nil), ("h", nil), ("http:///a", nil), ("https://h?x", "https://h:443"),
    ]

    @Test(arguments: servers) func aServerHasOneSpelling(url: String, server: String?) {
        #expect(WebURL(url)?.server == server)
    }

    /// The options of a catalog at `endpoint`, with a credential, and what the log was told.
    private func options(_ endpoint: String?, file: String = "Bearer t0ken") throws -> (HTTPOptions, LogRecorder) {
        let directory = try TemporaryDirectory()
        let path = try directory.write("auth", file.utf8, mode: 0o600)
        let message = try DriverMessage("market-one-monitor").with([
            "MARKETPLACE/TEMPLATE/ENDPOINT": endpoint, "MARKETPLACE/TEMPLATE/AUTH_FILE": path,
        ])
        let recorder = LogRecorder()
        let request = Request(
            message: try Message(text: message.base64), id: 1, log: recorder.log,
            installation: Installation(location: "/none"),
            settings: Settings())
        return (try HTTPOptions(ofCatalog: request), recorder)
    }

    @Test func theServerGetsItAndSoDoesEachPartOfADownload() throws {
        let rig = try Rig()
        var (options, recorder) = try options(rig.server.url("/x"))
        options.retryDelay = 0.01
        #expect(try rig.download("/~redirect=302,2/~cut=70000,1", options).readAll() == rig.content)
        let requests = try rig.server.requests()
        #expect(requests.count == 6)
        #expect(requests.allSatisfy { $0.headers["authorization"] == "Bearer t0ken" })
        #expect(recorder.lines.count == 1)
        #expect(recorder.lines[0].contains("is not encrypted on its way"))
        #expect(!recorder.lines[0].contains("t0ken"))
    }

    @Test(arguments: ["127.0.0.1", "localhost"]) func nobodyElseGetsIt(otherHost: String) throws {
        let (rig, other) = (try Rig(), try Rig())
        let (options, _) = try options(rig.server.url("/"))
        // Another port is another server, too.
        let elsewhere = "http://\(otherHost):\(other.server.port)/image"
        let first = rig.download("/~to=302,\(hexadecimal(elsewhere))", options)
        #expect(try first.readAll() == other.content)
        #expect(try rig.server.requests().map { $0.headers["authorization"] } == ["Bearer t0ken"])
        let second = try HTTPClient(options: options).get(web(elsewhere))
        #expect(second.body == other.content)
        let seen = try other.server.requests()
        #expect(seen.count == 2)
        #expect(seen.allSatisfy { $0.headers["authorization"] == nil })
    }

    @Test func withoutAServerOrACredentialNothingIsAsked() throws {
        let none = try #require(throws: DriverError.self) { try options(nil) }
        #expect(none.object.hasSuffix("AUTH_FILE") && none.remedy.contains("set ENDPOINT"))
        let bad = try #require(throws: DriverError.self) { try options("https://h", file: "user:s3cr3t") }
        #expect(bad.object.hasPrefix("AUTH_FILE '/"))
        #expect(bad.remedy.contains("Bearer TOKEN") && !bad.description.contains("s3cr3t"))
    }
}
