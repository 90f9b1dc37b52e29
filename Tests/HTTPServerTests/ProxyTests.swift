import DriverProtocol
import Glibc
import TestSupport
import Testing

@testable import HTTP

/// A proxy out of the environment, which all of a process shares: each of these tests runs in a process of its own.
struct ProxyTests {
    private static let credentials = "user:s%40cret"
    private let proxied: Rig
    private let origin: Rig

    init() throws {
        proxied = try Rig(proxy: "user:s@cret")
        origin = try Rig(size: 50_000)
    }

    @Test(arguments: ["http_proxy", "all_proxy"])
    func aPlainRequestGoesThroughTheProxy(variable: String) async throws {
        let url = origin.server.url("/image")
        let proxy = "http://\(Self.credentials)@127.0.0.1:\(proxied.server.port)"
        await #expect(processExitsWith: .success) { [url = url as String, proxy = proxy as String, variable] in
            setenv(variable, proxy, 1)
            let download = HTTPDownload(url: web(url), options: quick(), log: LogRecorder().log)
            let content = try download.readAll()
            #expect(content == TestFiles.noise(50_000))
        }
        #expect(try proxied.server.requests().map(\.path) == [url])
    }

    @Test func aSecureRequestGoesThroughATunnel() async throws {
        let certificate = try Certificate()
        let secure = try Rig(size: 50_000, certificate: certificate)
        let proxy = "http://\(Self.credentials)@127.0.0.1:\(proxied.server.port)"
        let (url, authority) = (secure.server.url("/image"), certificate.authorityFile)
        await #expect(processExitsWith: .success) {
            [url = url as String, proxy = proxy as String, authority = authority as String] in
            setenv("https_proxy", proxy, 1)
            let options = quick { $0.caFile = authority }
            let download = HTTPDownload(url: web(url), options: options, log: LogRecorder().log)
            let content = try download.readAll()
            #expect(content == TestFiles.noise(50_000))
        }
        let requests = try proxied.server.requests()
        #expect(requests.map(\.method) == ["CONNECT"])
        #expect(requests.map(\.path) == ["127.0.0.1:\(secure.server.port)"])
    }

    @Test(arguments: ["127.0.0.1", "*", "example.org,127.0.0.0/8"])
    func noProxyGoesStraight(exception: String) async throws {
        let url = origin.server.url("/image")
        let proxy = "http://\(Self.credentials)@127.0.0.1:\(proxied.server.port)"
        await #expect(processExitsWith: .success) { [url = url as String, proxy = proxy as String, exception] in
            setenv("http_proxy", proxy, 1)
            setenv("no_proxy", exception, 1)
            let response = try HTTPClient(options: quick()).get(web(url))
            #expect(response.body == TestFiles.noise(50_000))
        }
        #expect(try proxied.server.requests().isEmpty)
        #expect(try origin.server.requests().count == 1)
    }

    /// The origin of a proxy, and whether a request to 127.0.0.1 then goes through it.
    private static let choices: [(environment: [String: String], proxy: Bool, noProxy: String?, isUsed: Bool)] = [
        ([:], true, nil, true), (["http_proxy": "http://127.0.0.1:1"], true, nil, true),
        // The environment's exceptions are those of its own proxies.
        (["http_proxy": "http://127.0.0.1:1", "no_proxy": "127.0.0.1"], true, nil, true),
        ([:], true, "example.org,127.0.0.0/8", false), (["http_proxy": "http://127.0.0.1:1"], true, "*", false),
        (["http_proxy": "http://127.0.0.1:1"], false, "127.0.0.1", false),
        (["http_proxy": "http://127.0.0.1:1", "no_proxy": "example.org"], false, "127.0.0.1", false),
    ]

    @Test(arguments: choices.indices) func whatTheOptionsSayGoesFirst(_ number: Int) async throws {
        let choice = Self.choices[number]
        let url = origin.server.url("/image")
        let proxy = choice.proxy ? "\(Self.credentials)@127.0.0.1:\(proxied.server.port)" : ""
        let noProxy = choice.noProxy ?? "none"
        let environment = choice.environment.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
        await #expect(processExitsWith: .success) {
            [
                url = url as String, proxy = proxy as String, noProxy = noProxy as String,
                environment = environment as String
            ] in
            for entry in environment.split(separator: " ") {
                let parts = entry.split(separator: "=", maxSplits: 1)
                setenv(String(parts[0]), String(parts[1]), 1)
            }
            let options = quick {
                $0.proxy = proxy.isEmpty ? nil : proxy
                $0.noProxy = noProxy == "none" ? nil : noProxy
            }
            let response = try HTTPClient(options: options).get(web(url))
            #expect(response.body == TestFiles.noise(50_000))
        }
        #expect(try proxied.server.requests().isEmpty != choice.isUsed)
    }

    /// libcurl reads it in lower case alone, since a request's header could set it (httpoxy).
    @Test func theNameInCapitalsIsNotRead() async throws {
        let url = origin.server.url("/image")
        await #expect(processExitsWith: .success) { [url = url as String] in
            setenv("HTTP_PROXY", "http://127.0.0.1:1", 1)
            let response = try HTTPClient(options: quick()).get(web(url))
            #expect(response.body == TestFiles.noise(50_000))
        }
    }

    @Test(arguments: ["http", "https"])
    func wrongCredentialsAreToldOnce(scheme: String) async throws {
        let url = "\(scheme)://127.0.0.1:\(origin.server.port)/image"
        let proxy = "http://user:wrong@127.0.0.1:\(proxied.server.port)"
        await #expect(processExitsWith: .success) { [url = url as String, proxy = proxy as String, scheme] in
            setenv(scheme + "_proxy", proxy, 1)
            let error = try #require(throws: DriverError.self) { try HTTPClient(options: quick()).get(web(url)) }
            #expect(error.cause.contains("407"))
            let setting =
                scheme == "http" ? "PROXY of the marketplace, or http_proxy" : "https_proxy in etc/mad/one_market"
            #expect(error.remedy.contains("user and password into " + setting))
            #expect(!error.description.contains("wrong"))
        }
        #expect(try proxied.server.requests().count == 1)
    }

    /// libcurl shows what it cannot use as it stands.
    @Test(arguments: [
        "user:hidden@127.0.0.1:99999", "http://user:hid hidden@127.0.0.1:1", "http://user:x'hidden@127.0.0.1:99999",
        "user:(hidden@127.0.0.1:port", "ftp://user:hidden@127.0.0.1:1",
    ])
    func aProxyThatIsNoneIsToldOnceWithoutItsPassword(proxy: String) async throws {
        let url = origin.server.url("/image")
        await #expect(processExitsWith: .success) { [url = url as String, proxy = proxy as String] in
            setenv("http_proxy", proxy, 1)
            let recorder = LogRecorder()
            let error = try #require(throws: DriverError.self) {
                try HTTPClient(options: quick(), log: recorder.log).get(web(url))
            }
            #expect(!error.description.contains("hidden") && !error.description.contains("hid "))
            #expect(error.cause.hasPrefix("Unsupported proxy") && error.cause.contains("…"))
            #expect(error.remedy.contains("http_proxy") && error.remedy.contains("%XX"))
            #expect(recorder.lines.isEmpty)
        }
    }

    /// What PROXY may name wrongly, NO_PROXY, the request's URL, and what is told: `DEAD` stands for a closed port,
    /// `OTHER` for one where something else than a proxy listens.
    private static let wrong: [(proxy: String, exceptions: String?, url: String, cause: String, remedy: String)] = [
        (
            "http://user:hidden@127.0.0.1:DEAD", nil, "http://server.example/",
            "through the proxy 127.0.0.1:DEAD (PROXY): Failed to connect",
            "check that the proxy runs, and correct PROXY of the marketplace"
        ),
        (
            "127.0.0.1:DEAD", "example.org", "https://server.example/", "through the proxy 127.0.0.1:DEAD (PROXY): ",
            "check that the proxy runs"
        ),
        (
            "127.0.0.1:DEAD", "example.org", "http://127.0.0.1:9/", "through the proxy 127.0.0.1:DEAD (PROXY): ",
            "check that the proxy runs"
        ),
        (
            "socks5h://127.0.0.1:DEAD", nil, "http://server.example/", "through the proxy 127.0.0.1:DEAD (PROXY): ",
            "check that the proxy runs"
        ),
        (
            "socks5h://nowhere.invalid:1080", "example.org", "http://127.0.0.1/",
            "through the proxy nowhere.invalid:1080 (PROXY): ", "check that the proxy runs"
        ),
        (
            "http://127.0.0.1:OTHER", nil, "http://server.example/", "through the proxy 127.0.0.1:OTHER (PROXY): ",
            "names a proxy of that kind"
        ),
        (
            "socks5h://127.0.0.1:OTHER", nil, "http://server.example/", "through the proxy 127.0.0.1:OTHER (PROXY): ",
            "the kind, user and password in PROXY"
        ),
    ]

    @Test(arguments: wrong.indices) func aWrongProxyIsToldAsOne(_ number: Int) throws {
        let row = Self.wrong[number]
        let (dead, other) = (LocalPort.closed, try SSHServer())
        func filled(_ text: String) -> String {
            text.replacing("DEAD", with: "\(dead.number)").replacing("OTHER", with: "\(other.port)")
        }
        let options = quick {
            $0.proxy = filled(row.proxy)
            $0.noProxy = row.exceptions
            $0.attempts = 1
        }
        let error = try #require(throws: DriverError.self) { try HTTPClient(options: options).get(web(row.url)) }
        #expect(error.cause.contains(filled(row.cause)), "\(error)")
        #expect(error.remedy.contains(row.remedy), "\(error)")
        #expect(!error.description.contains("hidden"))
    }

    @Test func aServerThatIsReachedWithoutTheProxyIsToldAsOne() throws {
        let dead = LocalPort.closed
        for exceptions in ["127.0.0.1", "*"] {
            let options = quick {
                $0.proxy = "http://127.0.0.1:1"
                $0.noProxy = exceptions
                $0.attempts = 1
            }
            let error = try #require(throws: DriverError.self) {
                try HTTPClient(options: options).get(web("http://127.0.0.1:\(dead.number)/"))
            }
            #expect(!error.cause.contains("proxy") && error.remedy.hasPrefix("check that the server runs"), "\(error)")
        }
    }

    @Test func aServerThatSpeaksNoHTTPIsToldAsOne() throws {
        let other = try SSHServer()
        let error = try #require(throws: DriverError.self) {
            try HTTPClient(options: quick { $0.attempts = 1 }).get(web("http://127.0.0.1:\(other.port)/"))
        }
        #expect(error.remedy.hasPrefix("check that the server speaks HTTP on that port"), "\(error)")
    }

    @Test func aDeadProxyOfTheEnvironmentIsToldWithItsVariable() async throws {
        await #expect(processExitsWith: .success) {
            setenv("all_proxy", "http://user:hidden@127.0.0.1:1", 1)
            let error = try #require(throws: DriverError.self) {
                try HTTPClient(options: quick { $0.attempts = 1 }).get(web("http://server.example/"))
            }
            #expect(error.cause.hasPrefix("through the proxy 127.0.0.1:1 (all_proxy): Failed to connect"))
            #expect(error.remedy.contains("correct all_proxy in etc/mad/one_market or etc/defaultrc"))
            #expect(!error.description.contains("hidden"))
        }
    }

    @Test func aProxyThatIsNotThereIsToldAsOne() async throws {
        let url = origin.server.url("/image")
        await #expect(processExitsWith: .success) { [url = url as String] in
            setenv("http_proxy", "http://nowhere.invalid:3128", 1)
            let error = try #require(throws: DriverError.self) { try HTTPClient(options: quick()).get(web(url)) }
            #expect(error.cause.contains("Could not resolve proxy: nowhere.invalid"))
            #expect(error.remedy.contains("http_proxy"))
        }
    }
}
