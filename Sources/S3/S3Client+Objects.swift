import Bytes
import Checksums
import DriverProtocol
import HTTP

/// The description of an object by HEAD.
package struct S3Object: Sendable, Equatable {
    /// The largest object in bytes: as many parts as possible, of the largest size.
    static let maximumSize = UInt64(PartPlan.mostParts) * PartPlan.maximumPartSize

    /// Bytes.
    package let size: UInt64
    /// Without quotation marks.
    package let etag: String
    /// Whether a request can be made for this version alone, by its ETag.
    let hasStrongETag: Bool
    /// Whether the service encrypts it with a managed key: then its ETag is no MD5.
    package let hasOpaqueETag: Bool
    /// The x-amz-meta fields, by their names in lower case without that prefix.
    package let metadata: [String: String]

    init?(_ answer: S3Answer) {
        guard let size = answer.headers["Content-Length"].flatMap({ UInt64($0) }), let etag = answer.etag else {
            return nil
        }
        self.size = size
        self.etag = etag
        hasStrongETag = !etag.isEmpty && !answer.hasWeakETag
        hasOpaqueETag = answer.hasOpaqueETag
        var metadata: [String: String] = [:]
        for (name, value) in answer.headers where name.lowercased().hasPrefix("x-amz-meta-") {
            metadata[String(name.lowercased().dropFirst("x-amz-meta-".count))] = value
        }
        self.metadata = metadata
    }

    /// The MD5 of the bytes, or nil if the entity tag is none.
    package var md5: String? { hasOpaqueETag ? nil : Digest.Algorithm.md5.digest(etag) }
}

extension S3Answer {
    var hasOpaqueETag: Bool {
        headers["x-amz-server-side-encryption"]?.hasPrefix("aws:kms") == true
            || headers["x-amz-server-side-encryption-customer-algorithm"] != nil
    }
}

/// Requests about single objects.
extension S3Client {
    /// HeadObject. Returns nil if there is no such object.
    package func head(_ object: S3Address) throws -> S3Object? {
        let request = S3Request(.head, "look up", object)
        let answer = try look(request)
        // A missing bucket has the same status; listing and writing will report it.
        return answer.status == 404 ? nil : try found(answer, request)
    }

    /// HeadObject. Throws if the object or its bucket does not exist.
    func existing(_ object: S3Address) throws -> S3Object {
        let request = S3Request(.head, "download", object)
        let answer = try look(request)
        guard answer.status == 404 else { return try found(answer, request) }
        let explanation = try explanation(of: request)
        if explanation.status == 404 { throw error(explanation, request) }
        throw DriverError(
            request.operation, name(of: object), cause: "there is no such object (\(answer.trace))",
            remedy: "check that it is still there, and BUCKET and ENDPOINT")
    }

    private func found(_ answer: S3Answer, _ request: S3Request) throws -> S3Object {
        func unusable(_ cause: String) -> DriverError {
            DriverError(
                request.operation, name(of: request), cause: cause, remedy: "check ENDPOINT, and proxies on the way")
        }
        guard let object = S3Object(answer) else { throw unusable("the answer has no Content-Length or no ETag") }
        guard object.size <= S3Object.maximumSize else {
            throw unusable("the answer's Content-Length, \(object.size), is more than any object has")
        }
        return object
    }

    /// DeleteObject. No error if the object is not there.
    package func delete(_ object: S3Address) throws {
        let request = S3Request(.delete, "delete", object)
        let answer = try exchange(request)
        guard answer.isSuccess || answer.code == "NoSuchKey" else { throw error(answer, request) }
    }

    /// PutObject with Content-MD5. `headers` are added to the request unchanged.
    func put(
        _ object: S3Address, body: UnsafeRawBufferPointer, checksums: PartedChecksums.Part, headers: HTTPHeaders
    ) throws -> S3Answer {
        let request = S3Request(
            .put, "upload", object, headers: headers + ["Content-MD5": base64(checksums.md5)],
            bodySHA256: checksums.sha256, awaitsAnswer: true)
        return try exchange(request, body: body)
    }
}

func base64(_ bytes: [UInt8]) -> String { String(decoding: Base64.encode(bytes), as: UTF8.self) }
