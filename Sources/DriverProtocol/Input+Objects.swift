/// What oned says of the objects that a message is about: nobody sets these, and every action may read them.
extension Input {
    package static let marketplaceID = optional("MARKETPLACE/ID", "ID of the marketplace.")
    package static let marketplaceName = optional("MARKETPLACE/NAME", "Name of the marketplace.")
    package static let marketplaceZone = optional("MARKETPLACE/ZONE_ID", "Zone of the marketplace.")
    package static let appID = optional("MARKETPLACEAPP/ID", "ID of the app.", example: "0")
    package static let appName = optional("MARKETPLACEAPP/NAME", "Name of the app.")
    package static let appTime = optional("MARKETPLACEAPP/REGTIME", "Registration time of the app, in seconds.")
    package static let appZone = optional("MARKETPLACEAPP/ZONE_ID", "Zone of the app.")
    package static let appMarketplace = optional(
        "MARKETPLACEAPP/MARKETPLACE_ID", "ID of the app's marketplace.")
    static let objects = [
        marketplaceID, marketplaceName, marketplaceZone, appID, appName, appTime, appZone, appMarketplace,
    ]

    package static let marketplaceDriver = optional("MARKETPLACE/MARKET_MAD", "Driver of the marketplace.")
    package static let datastoreDriver = required(
        "DATASTORE/DS_MAD", "Driver of the datastore: `fs` or `ceph`.", example: "fs")
    package static let appType = optional("MARKETPLACEAPP/TYPE", "Type of the app: `1` is an image.")
    /// The SOURCE of an app that may have none.
    package static let appSourceIfAny = optional(
        "MARKETPLACEAPP/SOURCE",
        "SOURCE of the app. Without it, the action removes what imports of the app left behind.", example: "")

    /// The app's place in its marketplace.
    ///
    /// - Parameter example: as the marketplace writes it.
    package static func appSource(_ meaning: String, example: String) -> Input {
        required("MARKETPLACEAPP/SOURCE", meaning, example: example)
    }
}
