import DriverProtocol
import Posix
import TestSupport
import Testing

/// PROXY and NO_PROXY of a marketplace, and proxies whose variables are in capitals: in each of the four.
@Suite struct MarketplaceProxyTests {
    private static let template = "MARKETPLACE/TEMPLATE/"
    private static let deadProxy = "http://127.0.0.1:1"
    private let market: LocalMarket
    private let proxy: FaultServer

    init() throws {
        market = try LocalMarket()
        proxy = try FaultServer(root: market.directory.path, proxy: "user:secret")
    }

    /// The marketplaces with a running server, and functions that run their actions with attributes of the template and
    /// variables. All requests are plain http.
    private func actions() throws -> [(name: String, act: ([String: String], [String: String]) throws -> Outcome)] {
        let catalogs = try ["one", "linuxcontainers"].map { kind in
            let rig = try CatalogRig(kind)
            try rig.serve(fixture: kind == "one" ? "opennebula-7.4.json" : "linuxcontainers-images.json")
            return (rig, try Nginx(root: rig.served))
        }
        try market.directory.write("public/app", TestFiles.noise(100_000))
        let web = try Nginx(root: market.publicDirectory)
        let service = try StrictS3Server()
        return catalogs.map { rig, server in
            (rig.kind, { try rig.act("monitor", with(rig.message(server.url("")), $0), environment: $1) })
        } + [
            (
                "http",
                { [market] attributes, environment in
                    try market.act(
                        "market-http-export", with(market.appExportMessage("app", from: web.url("")), attributes),
                        environment: environment)
                }
            ),
            (
                "s3",
                { [market] attributes, environment in
                    let message = try DriverMessage("market-s3-monitor").with([
                        "MARKETPLACE/TEMPLATE/BUCKET": "b", "MARKETPLACE/TEMPLATE/ENDPOINT": service.endpoint,
                        "MARKETPLACE/TEMPLATE/FORCE_PATH_STYLE": "YES",
                    ])
                    return try market.act("market-s3-monitor", with(message, attributes), environment: environment)
                }
            ),
        ]
    }

    private let clean = [
        "http_proxy": "", "HTTP_PROXY": "", "https_proxy": "", "all_proxy": "", "ALL_PROXY": "", "no_proxy": "",
        "NO_PROXY": "",
    ]

    @Test func theNearestOneCounts() throws {
        let good = "http://user:secret@127.0.0.1:\(proxy.port)"
        /// Attributes, variables, and whether the proxy is asked then.
        let cases: [([String: String], [String: String], Bool)] = [
            (["PROXY": good], ["http_proxy": Self.deadProxy], true),
            (["PROXY": good], ["http_proxy": Self.deadProxy, "no_proxy": "*"], true),
            (["PROXY": good, "NO_PROXY": "127.0.0.1"], [:], false),
            (["NO_PROXY": "*"], ["http_proxy": Self.deadProxy], false),
            ([:], ["HTTP_PROXY": good], true), ([:], ["http_proxy": good, "HTTP_PROXY": Self.deadProxy], true),
            ([:], ["HTTP_PROXY": Self.deadProxy, "NO_PROXY": "127.0.0.1"], false),
            // In a CGI program it is a header of the request.
            ([:], ["HTTP_PROXY": Self.deadProxy, "REQUEST_METHOD": "GET"], false),
        ]
        for (name, act) in try actions() {
            for (attributes, variables, isAsked) in cases {
                let before = try proxy.requests().count
                let outcome = try act(attributes, clean.merging(variables) { $1 })
                #expect(outcome.status == .exited(0), "\(name) \(attributes) \(variables): \(outcome.errors)")
                #expect(try (proxy.requests().count > before) == isAsked, "\(name) \(attributes) \(variables)")
            }
        }
    }

    @Test func itsPasswordIsNotShown() throws {
        for (name, act) in try actions() {
            let wrong = try act(["PROXY": "http://user:hidden@127.0.0.1:\(proxy.port)"], clean)
            expectRefusal(wrong, ["407"])
            let none = try act(["PROXY": "user:hid den@nowhere"], clean)
            expectRefusal(none, ["PROXY", "is no proxy's URL"])
            #expect(!(wrong.errors + none.errors).contains("hid"), "\(name): \(wrong.errors)")
        }
    }
}

/// `message` with these attributes of its marketplace's template.
private func with(_ message: DriverMessage, _ attributes: [String: String]) -> DriverMessage {
    attributes.reduce(message) { $0.with("MARKETPLACE/TEMPLATE/" + $1.key, $1.value) }
}
