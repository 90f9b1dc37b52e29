import AppTransfer
import DriverProtocol
import HTTP
import Posix
import S3

/// The checks of a service, as far as to the bucket.
struct ServiceTrial {
    /// Seconds that clocks may differ before anybody needs to know.
    private static let tolerableDifference = 60
    /// What follows if the bucket can be used.
    private static let rest = "list, uploads, put, get, range, multipart, abort, delete"

    private let marketplace: S3Marketplace
    private let check: MarketCheck

    init(_ marketplace: S3Marketplace, _ check: MarketCheck) {
        (self.marketplace, self.check) = (marketplace, check)
    }

    private var market: S3Market { marketplace.market }
    private var client: S3Client { marketplace.client }

    /// Returns whether there is a bucket to go on with.
    func run() throws -> Bool {
        let facts = try check.tryServer(market.service.http) { try client.facts(of: market.bucket) }
        guard let facts else { return try stop("the service cannot be reached") }
        let difference = facts.clock.map { Int(WallClock.now) - $0 }
        let refusal = try client.refusal(of: market.bucket)
        for subject in S3Client.Refusal.Subject.allCases {
            if let refusal, refusal.subject == subject {
                _ = try check.trying(subject.rawValue) {
                    throw refusal.error
                } found: {
                    "\($0)"
                }
                return try stop("the service refuses the bucket")
            }
            switch subject {
            case .clock:
                _ = try check.trying("clock") {
                    difference
                } verdict: {
                    Self.verdict(difference: $0)
                }
            case .keys:
                _ = try check.trying("keys") {
                } found: {
                    "the service accepts them"
                }
            case .region:
                _ = try check.trying("region") {
                    client.region
                } verdict: {
                    verdict(region: $0)
                }
            case .bucket: return try tryBucket()
            }
        }
        return true
    }

    private func tryBucket() throws -> Bool {
        let found = try check.trying("bucket") {
            try marketplace.bucket()
        } found: { bucket in
            bucket == nil ? "it is missing; the first import makes it (CREATE_BUCKET)" : "it is there"
        }
        guard let bucket = found else { return try stop("the bucket cannot be used") }
        return try bucket != nil || stop("there is no bucket yet")
    }

    private func stop(_ reason: String) throws -> Bool {
        try check.skip(Self.rest, because: reason)
        return false
    }

    private static func verdict(difference: Int?) -> Finding {
        guard let difference else { return .works("the service does not tell its time") }
        guard abs(difference) > tolerableDifference else {
            return .works("this machine's differs by \(abs(difference)) s from the service's")
        }
        return .note(
            "this machine's is \(abs(difference)) s \(difference > 0 ? "ahead of" : "behind") the service's: the drivers "
                + "make up for that; set it, for example with chrony")
    }

    private func verdict(region: String) -> Finding {
        let stated = market.service.region
        return region == stated
            ? .works(region)
            : .note("the bucket is in \(region), and \(stated) was asked for: set REGION = \"\(region)\"")
    }
}
