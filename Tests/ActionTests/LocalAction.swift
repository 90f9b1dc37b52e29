import TestSupport
import Testing

/// An action on local directories, and its required elements.
enum LocalAction: String, CaseIterable, CustomTestStringConvertible {
    case importing = "market-http-import"
    case deleting = "market-http-delete"
    case monitoring = "market-http-monitor"
    case exporting = "datastore-fs-export"
    case bringing = "market-http-export"

    var testDescription: String { rawValue }

    var inputs: [String] {
        let market = ["MARKETPLACE/TEMPLATE/PUBLIC_DIR", "MARKETPLACE/TEMPLATE/BASE_URL"]
        switch self {
        case .importing: return market + ["MARKETPLACEAPP/ID", "IMPORT_SOURCE", "SIZE", "FORMAT"]
        case .deleting, .monitoring: return market
        case .exporting: return ["IMAGE/SOURCE", "DATASTORE/BASE_PATH"]
        case .bringing: return market + ["MARKETPLACEAPP/SOURCE", "DATASTORE/BASE_PATH", "DATASTORE/DS_MAD"]
        }
    }

    /// Returns a message with which the action succeeds: the image and the app's file exist, and `server`, if the
    /// action needs it, serves the app.
    func message(_ market: LocalMarket, server: Nginx? = nil) throws -> DriverMessage {
        let image = try market.directory.write("datastore/image", TestFiles.noise(100_000))
        switch self {
        case .importing: return try market.importMessage(image)
        case .deleting:
            try market.directory.write("public/app", [1])
            return try market.deleteMessage(LocalMarket.baseURL + "/app")
        case .monitoring: return try market.monitorMessage()
        case .exporting: return try market.exportMessage(image)
        case .bringing:
            try market.directory.write("public/app", TestFiles.noise(1000))
            return try market.appExportMessage("app", from: server?.url("") ?? LocalMarket.baseURL)
        }
    }
}
