import TestSupport

/// The marketplaces that have a journal of imports.
enum JournaledKind: CaseIterable {
    case directory, bridge, bucket

    func make() throws -> any JournaledMarket {
        switch self {
        case .directory: try LocalMarket()
        case .bridge: BridgeMarket(bridge: try Bridge())
        case .bucket: try BucketMarket(S3Server(.seaweed), bucket: "journal")
        }
    }
}
