import DriverProtocol
import HTTP

/// What HEAD tells of a bucket. Only Ceph RGW tells more than that it is there.
public struct S3Bucket: Sendable, Equatable {
    /// Bytes in all its objects: x-rgw-bytes-used.
    public let used: UInt64?
    /// The least of the owner's quotas in bytes: x-rgw-quota-bucket-size, x-rgw-quota-user-size.
    public let quota: UInt64?

    init(_ headers: HTTPHeaders) {
        used = headers["x-rgw-bytes-used"].flatMap { UInt64($0) }
        // -1 stands for none.
        quota = ["x-rgw-quota-bucket-size", "x-rgw-quota-user-size"].compactMap { headers[$0].flatMap { UInt64($0) } }
            .filter { $0 > 0 }.min()
    }
}

/// A multipart upload that was begun and neither completed nor aborted.
public struct S3OpenUpload: Sendable, Equatable {
    public let key: String
    public let id: String
    /// Seconds since 1970, by the server's clock; nil where the service does not say.
    public let initiated: Int?
}

/// Requests about buckets.
extension S3Client {
    /// HeadBucket: nil where there is no such bucket.
    public func head(bucket: String) throws -> S3Bucket? {
        let request = S3Request(method: .head, operation: "look at", bucket: bucket)
        let answer = try exchange(request)
        if answer.status == 404 { return nil }
        guard answer.isSuccess else { throw try explained(answer, request) }
        return S3Bucket(answer.headers)
    }

    /// The error of a HEAD, whose answer has no room for the reason: a small listing is refused with it.
    func explained(_ answer: S3Answer, _ request: S3Request) throws -> DriverError {
        let listing = S3Request(
            method: .get, operation: request.operation, bucket: request.bucket,
            query: [("list-type", "2"), ("max-keys", "1")])
        let explanation = try exchange(listing)
        return explanation.isSuccess ? error(answer, request) : error(explanation, request)
    }

    /// CreateBucket, in the region that this client signs for. One that is there already and ours is no error.
    public func create(bucket: String) throws {
        let region = self.region
        // Amazon's first region must not be named, and Ceph takes what it calls a zonegroup: none is its default.
        let document =
            region == "us-east-1" || region.isEmpty || region == "default"
            ? ""
            : "<CreateBucketConfiguration><LocationConstraint>\(escaped(region))</LocationConstraint>"
                + "</CreateBucketConfiguration>"
        let request = S3Request(method: .put, operation: "create", bucket: bucket)
        let answer = try withBytes(of: document) { body in Result { try exchange(request, body: body) } }.get()
        guard answer.isSuccess || answer.code == "BucketAlreadyOwnedByYou" else { throw error(answer, request) }
    }

    /// ListObjectsV2 over all pages: how many objects there are with `prefix`, and their bytes in all.
    public func usage(bucket: String, prefix: String = "") throws -> (objects: Int, bytes: UInt64) {
        var objects = 0
        var bytes: UInt64 = 0
        var token: String?
        repeat {
            var query = [("list-type", "2"), ("encoding-type", "url"), ("prefix", prefix)]
            if let token { query.append(("continuation-token", token)) }
            let request = S3Request(method: .get, operation: "list", bucket: bucket, query: query)
            let page = try document(exchange(request), of: request, root: "ListBucketResult")
            for entry in page.children where entry.name == "Contents" {
                objects += 1
                bytes += entry.child("Size").flatMap { UInt64($0.text) } ?? 0
            }
            token = try next(page, "NextContinuationToken", after: token, bucket: bucket)
        } while token != nil
        return (objects, bytes)
    }

    /// ListMultipartUploads over all pages; none where the bucket is missing.
    public func openUploads(bucket: String, prefix: String) throws -> [S3OpenUpload] {
        var uploads: [S3OpenUpload] = []
        var marker: (key: String, id: String)?
        repeat {
            var query = [("uploads", ""), ("encoding-type", "url"), ("prefix", prefix)]
            if let marker { query += [("key-marker", marker.key), ("upload-id-marker", marker.id)] }
            let request = S3Request(
                method: .get, operation: "list the open uploads of", bucket: bucket, query: query)
            let answer = try exchange(request)
            if answer.status == 404 { return [] }
            let page = try document(answer, of: request, root: "ListMultipartUploadsResult")
            let isEncoded = page.child("EncodingType")?.text == "url"
            func key(_ text: String) -> String {
                isEncoded ? percentDecoded(text.replacing("+", with: " ")) ?? text : text
            }
            for entry in page.children where entry.name == "Upload" {
                guard let name = entry.child("Key")?.text, let id = entry.child("UploadId")?.text else { continue }
                uploads.append(
                    S3OpenUpload(
                        key: key(name), id: id,
                        initiated: entry.child("Initiated").flatMap { Timestamp.extended($0.text) }))
            }
            let nextKey = try next(page, "NextKeyMarker", after: marker.map(\.key), bucket: bucket, mayRepeat: true)
            marker = nextKey.map { (key($0), page.child("NextUploadIdMarker")?.text ?? "") }
        } while marker != nil
        return uploads.filter { $0.key.hasPrefix(prefix) }
    }

    /// Where the next page begins; nil behind the last one.
    private func next(
        _ page: XMLElement, _ name: String, after previous: String?, bucket: String, mayRepeat: Bool = false
    ) throws -> String? {
        guard page.child("IsTruncated")?.text == "true" else { return nil }
        guard let marker = page.child(name)?.text, !marker.isEmpty, mayRepeat || marker != previous else {
            throw DriverError(
                "list", self.name(bucket: bucket, key: nil), cause: "a page that is not the last names no next one",
                remedy: "check the service")
        }
        return marker
    }

    private func document(_ answer: S3Answer, of request: S3Request, root: String) throws -> XMLElement {
        guard answer.isSuccess else { throw error(answer, request) }
        do {
            let document = try XMLParser.parse(answer.body)
            if document.name == root { return document }
            throw unreadable(request, "its root is <\(document.name)>")
        } catch let failure as XMLParser.Failure {
            throw unreadable(request, "\(failure)")
        }
    }

    private func unreadable(_ request: S3Request, _ cause: String) -> DriverError {
        DriverError(
            request.operation, name(bucket: request.bucket, key: request.key),
            cause: "the answer is not S3's: \(cause)", remedy: "check that ENDPOINT is an S3 service's")
    }
}

/// `text` for an XML document.
func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
        .replacing("\"", with: "&quot;")
}
