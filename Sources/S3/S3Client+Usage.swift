import Bytes
import DriverProtocol
import HTTP
import XML

/// The objects of a bucket, counted page by page: by ListObjectsV2, or by the first version of that request if a
/// service knows no other.
extension S3Client {
    /// What asks for a page.
    private enum Page {
        /// ListObjectsV2, behind a token.
        case second(token: String?)
        /// ListObjects, behind a key. If version 2 is refused, so may be what is newer than the first one.
        case first(marker: String?, isBare: Bool)

        func query(prefix: String) -> [(String, String)] {
            switch self {
            case .second(let token):
                [("list-type", "2"), ("encoding-type", "url"), ("prefix", prefix)]
                    + (token.map { [("continuation-token", $0)] } ?? [])
            case .first(let marker, let isBare):
                (isBare ? [] : [("encoding-type", "url")]) + [("prefix", prefix)]
                    + (marker.map { [("marker", $0)] } ?? [])
            }
        }

        /// Whether it is the first page by version 2.
        var isNewest: Bool {
            if case .second(nil) = self { true } else { false }
        }
    }

    /// Returns the number of objects with `prefix`, and their bytes in all. Throws a ``DriverError`` if a page
    /// cannot be read, or comes again.
    package func usage(bucket: String, prefix: String = "") throws -> (objects: Int, bytes: UInt64) {
        var objects = 0
        var bytes: UInt64 = 0
        var marks = PageMarks()
        var beginnings = PageMarks()
        var page = Page.second(token: nil)
        while true {
            let request = S3Request(.get, "list", bucket: bucket, query: page.query(prefix: prefix))
            let answer = try exchange(request)
            if page.isNewest, answer.mayNotKnowRequest {
                page = .first(marker: nil, isBare: true)
                continue
            }
            let document = try document(answer, of: request, root: "ListBucketResult")
            let entries = document.root.children.filter { $0.name == "Contents" }
            objects += entries.count
            bytes = try sum(bytes, entries, of: request)
            guard document.root.child("IsTruncated")?.text == "true" else { return (objects, bytes) }
            // Whatever a page is called: one that begins as an earlier one is that.
            if let key = entries.first?.child("Key")?.text { try check(key, isNewTo: &beginnings, of: request) }
            let (next, mark) = self.page(behind: document, entries.last, page)
            try check(mark, isNewTo: &marks, of: request)
            page = next
        }
    }

    /// Returns the request for the page after `document`, and the mark that distinguishes that page from others. A
    /// service of version 1 names the next page, or leaves it to the last key.
    private func page(behind document: S3Document, _ last: XMLElement?, _ current: Page) -> (next: Page, mark: String) {
        if case .second = current, let token = document.root.child("NextContinuationToken")?.text, !token.isEmpty {
            return (.second(token: token), token)
        }
        let text = [document.root.child("NextMarker")?.text, last?.child("Key")?.text].first { $0?.isEmpty == false }
        let key = text.flatMap { $0.map(document.key) } ?? ""
        guard case .first(_, isBare: true) = current else { return (.first(marker: key, isBare: false), key) }
        return (.first(marker: key, isBare: true), key)
    }

    private func sum(_ bytes: UInt64, _ entries: [XMLElement], of request: S3Request) throws(DriverError) -> UInt64 {
        var bytes = bytes
        for entry in entries {
            guard let size = entry.child("Size").flatMap({ UInt64($0.text) }) else {
                throw unreadable(request, "an object has no size")
            }
            let sum = bytes.addingReportingOverflow(size)
            guard !sum.overflow else { throw unreadable(request, "its sizes add up to more than 2^64 bytes") }
            bytes = sum.partialValue
        }
        return bytes
    }
}

extension S3Document {
    /// Returns a key that stands in a listing, which may be encoded like a URL.
    func key(_ text: String) -> String {
        let text = exact(text)
        guard root.child("EncodingType")?.text == "url" else { return text }
        return percentDecoded(text.replacing("+", with: " ")) ?? text
    }
}
