import TestSupport

/// A directory on a bridge host.
struct BridgeMarket: JournaledMarket {
    let bridge: Bridge

    var kind: String { "http" }
    var directory: TemporaryDirectory { bridge.directory }
    var environment: [String: String] { bridge.server.environment }
    var isRemote: Bool { true }

    func message(_ image: String, app: Int) throws -> DriverMessage {
        try DriverMessage("market-http-import.step2").with([
            "MARKETPLACE/TEMPLATE/BASE_URL": "http://frontend.example/market",
            Bridge.publicDirectory: bridge.market, Bridge.marketHosts: "bridge1", "IMPORT_SOURCE": image, "MD5": nil,
            "MARKETPLACEAPP/ID": "\(app)",
        ])
    }

    func images() throws -> [String] { try bridge.published() }
}
