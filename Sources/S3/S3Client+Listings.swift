import DriverProtocol
import HTTP
import XML

/// A multipart upload that was begun and neither completed nor aborted.
package struct S3OpenUpload: Sendable, Equatable {
    package let key: String
    package let id: String
    /// Seconds since 1970, by the server's clock; nil where the service does not say.
    package let initiated: Int?
}

/// Requests whose answers have several pages.
extension S3Client {
    /// ListMultipartUploads over all pages; none where the bucket is missing.
    package func openUploads(bucket: String, prefix: String) throws -> [S3OpenUpload] {
        var uploads: [S3OpenUpload] = []
        var marker: [String]?
        var isEncoded = false
        func key(_ text: String) -> String {
            isEncoded ? percentDecoded(text.replacing("+", with: " ")) ?? text : text
        }
        repeat {
            var query = [("uploads", ""), ("encoding-type", "url"), ("prefix", prefix)]
            if let marker { query += [("key-marker", key(marker[0])), ("upload-id-marker", marker[1])] }
            let request = S3Request(
                method: .get, operation: "list the open uploads of", bucket: bucket, query: query)
            let answer = try exchange(request)
            if answer.status == 404 { return [] }
            let page = try document(answer, of: request, root: "ListMultipartUploadsResult")
            isEncoded = page.child("EncodingType")?.text == "url"
            for entry in page.children where entry.name == "Upload" {
                guard let name = entry.child("Key")?.text, let id = entry.child("UploadId")?.text else { continue }
                uploads.append(
                    S3OpenUpload(
                        key: key(name), id: id,
                        initiated: entry.child("Initiated").flatMap { Timestamp.extended($0.text) }))
            }
            marker = try next(page, ["NextKeyMarker", "NextUploadIdMarker"], after: marker, of: request)
        } while marker != nil
        return uploads.filter { $0.key.utf8.starts(with: prefix.utf8) }
    }

    /// Seconds since the last sign of life of an open upload by the server's clock: since its newest part was stored, or
    /// since it was begun where it has none. Nil where the service does not say, or where it is not open any more.
    package func idleTime(of upload: S3OpenUpload, bucket: String) throws -> Int? {
        var last = upload.initiated
        var now: Int
        var marker: [String]?
        repeat {
            var query = [("uploadId", upload.id)]
            if let marker { query.append(("part-number-marker", marker[0])) }
            let request = S3Request(
                method: .get, operation: "list the parts of", bucket: bucket, key: upload.key, query: query)
            let answer = try exchange(request)
            if answer.status == 404 { return nil }
            let page = try document(answer, of: request, root: "ListPartsResult")
            for part in page.children where part.name == "Part" {
                guard let stored = part.child("LastModified").flatMap({ Timestamp.extended($0.text) }) else {
                    return nil
                }
                last = max(last ?? stored, stored)
            }
            now = answer.date ?? self.now
            marker = try next(page, ["NextPartNumberMarker"], after: marker, of: request)
        } while marker != nil
        return last.map { now - $0 }
    }

    /// Where the next page begins, the texts of the elements `names`; nil behind the last one.
    func next(
        _ page: XMLElement, _ names: [String], after previous: [String]?, of request: S3Request
    ) throws -> [String]? {
        guard page.child("IsTruncated")?.text == "true" else { return nil }
        let marker = names.map { page.child($0)?.text ?? "" }
        guard !marker[0].isEmpty, !marker.elementsEqual(previous ?? [], by: haveSameBytes) else {
            throw unreadable(request, "a page that is not the last names no next one")
        }
        return marker
    }

    /// The document of an answer with that root. Throws a ``DriverError`` where the answer is a refusal or none of S3's.
    func document(_ answer: S3Answer, of request: S3Request, root: String) throws -> XMLElement {
        guard answer.isSuccess else { throw error(answer, request) }
        do {
            let document = try XMLParser.parse(answer.body)
            if document.name == root { return document }
            throw unreadable(request, "its root is <\(document.name)>")
        } catch let failure as XMLParser.Failure {
            throw unreadable(request, "\(failure)")
        }
    }

    func unreadable(_ request: S3Request, _ cause: String) -> DriverError {
        DriverError(
            request.operation, name(bucket: request.bucket, key: request.key),
            cause: "the answer is not S3's: \(cause)", remedy: "check that ENDPOINT is an S3 service's")
    }
}
