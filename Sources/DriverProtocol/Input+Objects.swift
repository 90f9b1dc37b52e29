/// What oned says of the objects that a message is about: nobody sets these, and every action may read them.
extension Input {
    package static let marketplaceID = optional("MARKETPLACE/ID", "The marketplace's number.")
    package static let marketplaceName = optional("MARKETPLACE/NAME", "The marketplace's name.")
    package static let marketplaceZone = optional("MARKETPLACE/ZONE_ID", "The zone of the marketplace.")
    package static let appID = optional("MARKETPLACEAPP/ID", "The app's number.", example: "0")
    package static let appName = optional("MARKETPLACEAPP/NAME", "The app's name.")
    package static let appTime = optional("MARKETPLACEAPP/REGTIME", "The app's time of registration, in seconds.")
    package static let appZone = optional("MARKETPLACEAPP/ZONE_ID", "The zone of the app.")
    package static let appMarketplace = optional(
        "MARKETPLACEAPP/MARKETPLACE_ID", "The number of the app's marketplace.")
    static let objects = [
        marketplaceID, marketplaceName, marketplaceZone, appID, appName, appTime, appZone, appMarketplace,
    ]

    package static let marketplaceDriver = optional("MARKETPLACE/MARKET_MAD", "The marketplace's driver.")
    package static let datastoreDriver = required(
        "DATASTORE/DS_MAD", "The datastore's driver: `fs` or `ceph`.", example: "fs")
    package static let appType = optional("MARKETPLACEAPP/TYPE", "The app's type: `1` for an image.")
    /// The SOURCE of an app that may have none.
    package static let appSourceIfAny = optional(
        "MARKETPLACEAPP/SOURCE", "The app's place. If it is missing, what its imports have left is meant.", example: "")

    /// The app's place in its marketplace.
    ///
    /// - Parameter example: as the marketplace writes it.
    package static func appSource(_ meaning: String, example: String) -> Input {
        required("MARKETPLACEAPP/SOURCE", meaning, example: example)
    }
}
