import AppTransfer
import DriverProtocol
import ImageTransfer
import Posix
import S3

/// The checks of the keys' rights in a bucket, with objects that no app has, and that are removed again.
struct ObjectTrial {
    /// Bytes of the small object.
    private static let smallLength = 1000
    /// Parts up to this size are worth an upload in two of them.
    private static let largestPart: UInt64 = 64 << 20

    private let marketplace: S3Marketplace
    private let request: Request
    private let check: MarketCheck
    private let small: S3Address
    private let large: S3Address
    /// The objects that may be there.
    private var present: [S3Address] = []

    init(_ marketplace: S3Marketplace, _ request: Request, _ check: MarketCheck) {
        (self.marketplace, self.request, self.check) = (marketplace, request, check)
        let key = "\(marketplace.market.prefix)-check-\(randomName())"
        (small, large) = (marketplace.market.object(key), marketplace.market.object(key + "-parts"))
    }

    private var market: S3Market { marketplace.market }
    private var client: S3Client { marketplace.client }

    mutating func run() throws {
        defer { removeRest() }
        let prefix = market.prefix + "-"
        _ = try check.trying("list") {
            try client.usage(bucket: market.bucket, prefix: prefix)
        } found: {
            "\(counted($0.objects, "object")) of APP_PREFIX, \($0.bytes.megabytesRoundedUp) MB"
        }
        _ = try check.trying("uploads") {
            try client.openUploads(bucket: market.bucket, prefix: prefix)
        } found: {
            "\($0.count) open"
        }
        if let md5 = try upload(small, length: Self.smallLength, as: "put", found: "an object is stored") {
            try read(md5: md5)
        } else {
            try check.skip("get, range", because: "there is no object")
        }
        try tryParts()
        guard !present.isEmpty else { return try check.skip("delete", because: "there is no object") }
        _ = try check.trying("delete") {
            try delete()
        } found: {
            "nothing is left"
        }
    }

    /// Stores a probe. Returns its MD5, or nil if that has failed.
    private mutating func upload(_ object: S3Address, length: Int, as name: String, found: String) throws -> String? {
        try check.trying(name) {
            let target = ObjectUpload.Target(object, market, length: UInt64(length), owner: "check")
            let sink = try S3Sink(client, target)
            present.append(object)
            do {
                return try Probe(length: length).publish(into: sink, log: request.log)
            } catch {
                // The upload has taken it back.
                present.removeLast()
                throw error
            }
        } found: { _ in
            found
        }
    }

    private mutating func read(md5: String) throws {
        _ = try check.trying("get") {
            try Probe.compare(S3Source(client, small), md5: md5, log: request.log)
        } found: {
            "what comes back is what was stored"
        }
        let range = 1..<3
        let expected = Probe.bytes(range, ofLength: Self.smallLength)
        _ = try check.trying("range") {
            try client.compare(small, from: range.lowerBound, with: expected)
        } found: {
            "a part of an object can be read"
        }
    }

    private mutating func tryParts() throws {
        if market.partSize <= Self.largestPart {
            _ = try upload(
                large, length: Int(market.partSize) + 1, as: "multipart", found: "an object is stored in two parts")
        } else {
            try check.skip("multipart", because: "READ_LENGTH is above \(Self.largestPart >> 20)")
        }
        _ = try check.trying("abort") {
            try client.abortUpload(of: large, headers: market.storageHeaders)
        } found: {
            "an upload that is given up leaves nothing"
        }
    }

    private mutating func delete() throws {
        while let object = present.last {
            try client.delete(object)
            guard try client.head(object) == nil else {
                throw DriverError(
                    "delete", client.name(of: object), cause: "the service says that it is still there",
                    remedy: "see whether the bucket keeps objects for some time (object lock), and remove it by hand")
            }
            present.removeLast()
        }
    }

    private func removeRest() {
        Interrupt.holding { for object in present { try? client.forCleanup.delete(object) } }
    }
}
