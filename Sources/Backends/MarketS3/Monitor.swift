import AppTransfer
import DriverProtocol
import HTTP
import S3

/// `market/s3/monitor`: reports the room of the marketplace.
package enum Monitor: Action {
    package static let name = "market/s3/monitor"
    package static let purpose = "prints USED_MB, FREE_MB and TOTAL_MB of BUCKET"
    package static let inputs = S3Inputs.all
    package static let sourceInputs = HTTPOptions.datastoreInputs

    package static func run(_ request: Request) throws -> Reply {
        let marketplace = try S3Marketplace(request)
        let market = marketplace.market
        guard let bucket = try marketplace.bucket(countsBytes: true) else {
            return room(used: 0, quota: nil, market)
        }
        ImportJournal(request, MarketObjects(marketplace)).sweep()
        marketplace.abortAbandoned()
        let used = try bucket.used ?? marketplace.client.usage(bucket: market.bucket).bytes
        return room(used: used, quota: bucket.quota, market)
    }

    /// A quota is used if it is less than TOTAL_MB.
    private static func room(used: UInt64, quota: UInt64?, _ market: S3Market) -> Reply {
        let usedMB = used.megabytesRoundedUp
        let totalMB = min(market.totalMB, quota.map { $0 >> 20 } ?? market.totalMB)
        return Reply(usedMB: usedMB, freeMB: totalMB > usedMB ? totalMB - usedMB : 0, totalMB: totalMB)
    }
}
