import Bytes
import Checksums
import DriverProtocol
import HTTP
import XML

/// A part that the service has stored.
struct S3Part: Sendable, Equatable {
    let number: Int
    /// Without quotation marks, as given by the service.
    let etag: String
    let md5: [UInt8]
    /// What the entity tag says of the bytes.
    let tag: S3TagKind
}

/// The requests of a multipart upload.
extension S3Client {
    /// CreateMultipartUpload. Returns the upload's id. An attempt whose response was lost leaves an open upload behind:
    /// `isRepeated` says that there may be one.
    func createUpload(of object: S3Address, headers: HTTPHeaders) throws -> (id: String, isRepeated: Bool) {
        let request = S3Request(
            .post, "begin the upload of", object, query: [("uploads", "")], headers: headers, onNewConnection: true,
            awaitsAnswer: true)
        let answer = try perform(request)
        let id = answer.document?.root.child("UploadId")?.text ?? ""
        guard !id.isEmpty else {
            throw DriverError(
                request.operation, name(of: object), cause: "the answer names no upload",
                remedy: "check that ENDPOINT is an S3 service's")
        }
        return (id, answer.isRepeated)
    }

    /// UploadPart with Content-MD5. Its response is waited for: what Ceph is still storing when the upload is aborted
    /// stays for good, in no listing.
    ///
    /// A part that comes back with another MD5 for its ETag is sent again. A service that gives it such a one once more
    /// makes its ETags itself, as far as this part can tell: see ``PartTags``.
    ///
    /// - Parameter tags: what earlier parts tell of the service.
    func uploadPart(
        _ number: Int, of upload: String, _ object: S3Address, body: UnsafeRawBufferPointer,
        checksums: PartedChecksums.Part, tags: PartTags, goOn: @escaping () -> Bool
    ) throws -> S3Part {
        let md5 = checksums.md5
        let request = S3Request(
            .put, "upload part \(number) of", object, query: [("partNumber", String(number)), ("uploadId", upload)],
            headers: ["Content-MD5": base64(md5)], bodySHA256: checksums.sha256, awaitsAnswer: true)
        for attempt in 1... {
            let answer = try exchange(request, body: body, goOn: goOn)
            guard answer.isSuccess else { throw error(answer, request) }
            let etag = answer.etag ?? ""
            let tag = S3TagKind(etag, md5: md5, isOpaque: answer.hasOpaqueETag)
            if tags.accept(tag, attempt: attempt) { return S3Part(number: number, etag: etag, md5: md5, tag: tag) }
            guard attempt < 3 else {
                throw DriverError(
                    request.operation, name(of: object),
                    cause: "the service stored ETag \(quoted(etag)) where \(hexadecimal(md5)) was sent",
                    remedy: "check the service and proxies on the way: they alter data")
            }
            log.warning(
                "part \(number) of \(quoted(object.key)) came back with another ETag than was sent: sending it again")
        }
        fatalError("unreachable")
    }

    /// CompleteMultipartUpload, with `headers`. Returns the response whatever it is.
    func completeUpload(
        _ upload: String, of object: S3Address, parts: [S3Part], headers: HTTPHeaders
    ) throws -> S3Answer {
        let list = parts.map { part in
            "<Part><PartNumber>\(part.number)</PartNumber><ETag>\"\(XMLText.escaped(part.etag))\"</ETag></Part>"
        }
        let document =
            "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\(list.joined())"
            + "</CompleteMultipartUpload>"
        let request = S3Request(
            .post, "complete the upload of", object, query: [("uploadId", upload)],
            headers: headers + ["Content-Type": "application/xml"], awaitsAnswer: true)
        return try withBytes(of: document) { try exchange(request, body: $0) }
    }

    /// AbortMultipartUpload. No error if the upload is not there.
    package func abortUpload(_ upload: String, of object: S3Address) throws {
        let request = S3Request(.delete, "abort the upload of", object, query: [("uploadId", upload)])
        let answer = try exchange(request)
        guard answer.isSuccess || answer.status == 404 else { throw error(answer, request) }
    }
}
