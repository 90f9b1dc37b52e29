import Bytes
import Checksums
import DriverProtocol
import HTTP

/// What a check asks of a service, one right after the other.
extension S3Client {
    /// A service's refusal of a bucket.
    package struct Refusal: Sendable {
        /// What it is about.
        package enum Subject: String, CaseIterable, Sendable {
            case clock, keys, region, bucket
        }

        package let subject: Subject
        package let error: DriverError
    }

    /// As ``HTTPClient/facts(of:)``, of the server that has the bucket.
    package func facts(of bucket: String) throws -> ServerFacts { try http.facts(of: url(of: bucket)) }

    /// Returns why the service refuses the bucket, or nil if it does not, or if the bucket is missing.
    package func refusal(of bucket: String) throws -> Refusal? {
        let request = S3Request(.get, "look at", bucket: bucket)
        do {
            let answer = try explanation(of: request)
            if answer.isSuccess { return nil }
            if answer.status == 404 {
                // A web server that knows nothing of S3 has no such path.
                let isOfS3 = answer.code != nil
                return isOfS3 ? nil : Refusal(subject: .keys, error: unreadable(request, "it has no code"))
            }
            return Refusal(subject: S3Remedy.subject(of: answer.code) ?? .bucket, error: error(answer, request))
        } catch let error as DriverError {
            return Refusal(subject: .keys, error: error)
        }
    }

    /// Throws unless the service sends these bytes of the object, and no others, if they are asked for: GetObject with
    /// Range.
    package func compare(_ object: S3Address, from first: Int, with expected: [UInt8]) throws {
        let request = S3Request(.get, "download a range of", object)
        let part = RangeReceiver(first..<first + expected.count)
        let answer = try exchange(request, into: part)
        guard answer.status == 206 || !answer.isSuccess else {
            throw DriverError(
                request.operation, name(of: object), cause: "the service sends the whole object",
                remedy: "check the service and proxies on the way: they must know ranges")
        }
        guard answer.isSuccess else { throw error(answer, request) }
        guard part.bytes == expected else {
            throw DriverError(
                request.operation, name(of: object), cause: "other bytes have come than were asked for",
                remedy: "check the service and proxies on the way: they alter data")
        }
    }

    /// Begins a multipart upload of `object`, sends a part, and aborts it. Throws if it is listed then.
    ///
    /// - Parameter headers: those of the object.
    package func abortUpload(of object: S3Address, headers: HTTPHeaders) throws {
        let upload = try createUpload(of: object, headers: headers).id
        do {
            let bytes = [UInt8](repeating: 1, count: 1 << 10)
            try bytes.withUnsafeBytes { body in
                var checksums = PartedChecksums(withSHA256: signsBodies)
                checksums.update(body)
                _ = try uploadPart(
                    1, of: upload, object, body: body,
                    checksums: checksums.finishPart(UnsafeRawBufferPointer(rebasing: body[body.count...])),
                    tags: PartTags(), goOn: { true })
            }
            try abortUpload(upload, of: object)
        } catch {
            try? forCleanup.abortUpload(upload, of: object)
            throw error
        }
        guard try openUploads(bucket: object.bucket, prefix: object.key).isEmpty else {
            throw DriverError(
                "abort the upload of", name(of: object), cause: "it is still listed among the open ones",
                remedy: "see the service's log; open uploads take room")
        }
    }
}

/// Takes a range of an object.
private final class RangeReceiver: S3Receiver {
    private let range: Range<Int>
    private(set) var bytes: [UInt8] = []

    init(_ range: Range<Int>) {
        self.range = range
    }

    var headers: HTTPHeaders { ["Range": "bytes=\(range.lowerBound)-\(range.upperBound - 1)"] }
    var isComplete: Bool { bytes.count == range.count }

    func begin(status: Int, _ headers: HTTPHeaders) -> Bool {
        bytes = []
        return status == 206
    }

    func receive(_ part: UnsafeRawBufferPointer) -> Bool {
        bytes += part
        return bytes.count <= range.count
    }
}
