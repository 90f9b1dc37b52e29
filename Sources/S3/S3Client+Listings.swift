import Bytes
import DriverProtocol
import HTTP
import XML

/// A multipart upload that was begun and neither completed nor aborted.
package struct S3OpenUpload: Sendable, Equatable {
    package let object: S3Address
    package let id: String
    /// Seconds since 1970, by the server's clock, or nil if the service does not say.
    package let initiated: Int?
}

/// Requests whose responses have several pages.
extension S3Client {
    /// ListMultipartUploads over all pages. Returns none if the bucket is missing.
    package func openUploads(bucket: String, prefix: String) throws -> [S3OpenUpload] {
        var uploads: [S3OpenUpload] = []
        var marker: [String]?
        var marks = PageMarks()
        repeat {
            var query = [("uploads", ""), ("encoding-type", "url"), ("prefix", prefix)]
            if let marker { query += [("key-marker", marker[0]), ("upload-id-marker", marker[1])] }
            let request = S3Request(.get, "list the open uploads of", bucket: bucket, query: query)
            let answer = try exchange(request)
            if answer.status == 404 { return [] }
            let page = try document(answer, of: request, root: "ListMultipartUploadsResult")
            for entry in page.root.children where entry.name == "Upload" {
                guard let name = entry.child("Key")?.text, let id = entry.child("UploadId")?.text else { continue }
                uploads.append(
                    S3OpenUpload(
                        object: S3Address(bucket: bucket, key: page.key(name)), id: id,
                        initiated: entry.child("Initiated").flatMap { Timestamp.extended($0.text) }))
            }
            marker = try next(page.root, ["NextKeyMarker", "NextUploadIdMarker"], &marks, of: request)
                .map { [page.key($0[0]), $0[1]] }
        } while marker != nil
        return uploads.filter { $0.object.key.utf8.starts(with: prefix.utf8) }
    }

    /// Returns the seconds since the last sign of life of an open upload by the server's clock: since its newest part
    /// was stored, or since it was begun if it has none. Returns nil if the service does not say, or if it is not open
    /// any more.
    package func idleTime(of upload: S3OpenUpload) throws -> Int? {
        var last = upload.initiated
        var now: Int
        var marker: [String]?
        var marks = PageMarks()
        repeat {
            var query = [("uploadId", upload.id)]
            if let marker { query.append(("part-number-marker", marker[0])) }
            let request = S3Request(.get, "list the parts of", upload.object, query: query)
            let answer = try exchange(request)
            if answer.status == 404 { return nil }
            let page = try document(answer, of: request, root: "ListPartsResult")
            for part in page.root.children where part.name == "Part" {
                guard let stored = part.child("LastModified").flatMap({ Timestamp.extended($0.text) }) else {
                    return nil
                }
                last = max(last ?? stored, stored)
            }
            now = answer.date ?? self.now
            marker = try next(page.root, ["NextPartNumberMarker"], &marks, of: request)
        } while marker != nil
        return last.map { now - $0 }
    }

    /// Returns the beginning of the next page, which is the texts of the elements `names`, or nil after the last one.
    func next(
        _ page: XMLElement, _ names: [String], _ marks: inout PageMarks, of request: S3Request
    ) throws -> [String]? {
        guard page.child("IsTruncated")?.text == "true" else { return nil }
        let marker = names.map { page.child($0)?.text ?? "" }
        try check(marker.joined(separator: "\n"), isNewTo: &marks, of: request)
        return marker
    }

    /// Throws if a listing comes to a place that it has been at, or that has no name.
    func check(_ mark: String, isNewTo marks: inout PageMarks, of request: S3Request) throws {
        guard !mark.isEmpty, !mark.hasPrefix("\n"), marks.isNew(mark) else {
            throw unreadable(request, "a page that is not the last names no next one")
        }
    }

    /// Returns the document of a response with that root. Throws a ``DriverError`` if the response is a refusal or none
    /// of S3's.
    func document(_ answer: S3Answer, of request: S3Request, root: String) throws -> S3Document {
        guard answer.isSuccess else { throw error(answer, request) }
        guard let document = answer.document else { throw unreadable(request, "it is empty") }
        guard document.root.name == root else { throw unreadable(request, "its root is <\(document.root.name)>") }
        return document
    }

    func unreadable(_ request: S3Request, _ cause: String) -> DriverError {
        DriverError(
            request.operation, name(of: request),
            cause: "the answer is not S3's: \(cause)", remedy: S3Remedy.otherService)
    }
}

/// Finds out that a listing goes round in a circle, however long that is, without keeping all of its places: each is
/// compared with one that is chosen anew after 1, 2, 4, … of them.
struct PageMarks {
    private var kept: String?
    private var count = 0
    private var limit = 1

    /// Returns whether the place is not known to be one of those before.
    mutating func isNew(_ mark: String) -> Bool {
        if let kept, haveSameBytes(kept, mark) { return false }
        count += 1
        if count == limit {
            kept = mark
            count = 0
            limit *= 2
        }
        return true
    }
}
