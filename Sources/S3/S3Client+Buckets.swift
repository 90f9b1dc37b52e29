import Bytes
import DriverProtocol
import HTTP
import XML

/// The description of a bucket by HEAD. Only Ceph RGW gives more than that it exists.
package struct S3Bucket: Sendable, Equatable {
    /// Bytes in all its objects: x-rgw-bytes-used.
    package let used: UInt64?
    /// The least of the owner's quotas in bytes: x-rgw-quota-bucket-size, x-rgw-quota-user-size.
    package let quota: UInt64?

    init(_ headers: HTTPHeaders) {
        used = headers["x-rgw-bytes-used"].flatMap { UInt64($0) }
        // -1 means none.
        quota = ["x-rgw-quota-bucket-size", "x-rgw-quota-user-size"].compactMap { headers[$0].flatMap { UInt64($0) } }
            .filter { $0 > 0 }.min()
    }
}

/// Requests about buckets.
extension S3Client {
    /// HeadBucket. Returns nil if there is no such bucket.
    ///
    /// - Parameter countsBytes: whether ``S3Bucket/used`` is wanted: newer Ceph gives it only on request.
    package func head(bucket: String, countsBytes: Bool = false) throws -> S3Bucket? {
        var request = S3Request(.head, "look at", bucket: bucket)
        let answer = try look(request)
        if answer.status == 404 { return nil }
        let found = S3Bucket(answer.headers)
        guard countsBytes, found.used == nil, answer.isCephs else { return found }
        request.query = [("read-stats", "true")]
        let counted = try exchange(request)
        return counted.isSuccess ? S3Bucket(counted.headers) : found
    }

    /// Returns the error of a missing bucket, in the service's own words.
    package func missing(bucket: String) throws -> DriverError {
        let request = S3Request(.head, "look at", bucket: bucket)
        return try error(explanation(of: request), request)
    }

    /// Makes a HEAD request. Returns a response with status 2xx or 404, and throws otherwise.
    ///
    /// A refusal of HEAD has no reason, and some services leave the bucket's region out, too. A small listing is
    /// refused with both; if it is not, because the client has learned the region, the HEAD is made again.
    func look(_ request: S3Request) throws -> S3Answer {
        let region = self.region
        var answer = try exchange(request)
        if answer.isSuccess || answer.status == 404 { return answer }
        let explanation = try explanation(of: request)
        guard explanation.isSuccess else { throw error(explanation, request) }
        if self.region != region { answer = try exchange(request) }
        guard answer.isSuccess || answer.status == 404 else { throw error(answer, request) }
        return answer
    }

    /// Returns the service's reason for refusing the bucket: a small listing's response. It is asked for by the first
    /// version of that request, which every service knows.
    func explanation(of request: S3Request) throws -> S3Answer {
        try exchange(S3Request(.get, request.operation, bucket: request.bucket, query: [("max-keys", "1")]))
    }

    /// CreateBucket, in the region that this client signs for. No error if it is there already and ours.
    package func create(bucket: String) throws {
        let region = self.region
        // Amazon's first region must not be named, and Ceph takes the name for a zonegroup: without one it uses its
        // default.
        let document =
            region == "us-east-1" || region.isEmpty || region == "default"
            ? ""
            : "<CreateBucketConfiguration><LocationConstraint>\(XMLText.escaped(region))</LocationConstraint>"
                + "</CreateBucketConfiguration>"
        let request = S3Request(.put, "create", bucket: bucket)
        let answer = try withBytes(of: document) { try exchange(request, body: $0) }
        guard answer.isSuccess || answer.code == "BucketAlreadyOwnedByYou" else { throw error(answer, request) }
    }
}
