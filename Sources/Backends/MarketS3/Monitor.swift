import DriverProtocol
import S3

/// `market/s3/monitor`: how much room the marketplace has.
public enum Monitor: Action {
    public static let name = "market/s3/monitor"
    public static let purpose = "prints USED_MB, FREE_MB and TOTAL_MB of BUCKET"
    public static let inputs = S3Market.inputs

    public static func run(_ request: Request) throws -> Reply {
        let market = try S3Market(request.message, log: request.log)
        let client = S3Client(market.service, log: request.log)
        guard let bucket = try client.head(bucket: market.bucket, countsBytes: true) else {
            guard market.createsBucket else { throw try client.missing(bucket: market.bucket) }
            return room(used: 0, quota: nil, market)
        }
        client.abortAbandoned(market)
        let used = try bucket.used ?? client.usage(bucket: market.bucket).bytes
        return room(used: used, quota: bucket.quota, market)
    }

    /// A quota counts where it is less than TOTAL_MB.
    private static func room(used: UInt64, quota: UInt64?, _ market: S3Market) -> Reply {
        let usedMB = megabytes(roundingUp: used)
        let stated = market.totalMB ?? S3Market.standardTotalMB
        let totalMB = min(stated, quota.map { $0 >> 20 } ?? stated)
        return Reply(usedMB: usedMB, freeMB: totalMB > usedMB ? totalMB - usedMB : 0, totalMB: totalMB)
    }
}
