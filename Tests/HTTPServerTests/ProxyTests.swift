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
            #expect(error.remedy.contains("user and password into PROXY, or http_proxy"))
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
