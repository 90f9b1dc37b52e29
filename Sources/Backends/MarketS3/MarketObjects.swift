import AppTransfer
import DriverProtocol
import S3

/// The objects of a marketplace, for the journal of imports.
struct MarketObjects: Publications {
    let marketplace: S3Marketplace

    init(_ marketplace: S3Marketplace) {
        self.marketplace = marketplace
    }

    var areRemote: Bool { true }

    func takeBack(_ publication: Publication) throws -> Bool {
        let market = marketplace.market
        guard market.isOwn(publication.name) else { return false }
        return try marketplace.client.forCleanup.removeOwn(
            market.object(publication.name), attempt: publication.attempt)
    }

    func clear(after message: Message) throws -> Bool {
        let object = try marketplace.market.object(of: message)
        marketplace.abortAbandoned(object)
        return try marketplace.remove(object, ofOwner: S3Marketplace.owner(message))
    }
}
