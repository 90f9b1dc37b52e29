/// The validators by which two responses are known to be about the same bytes.
struct ContentPin: Sendable, Equatable {
    /// The entity tag, if it is a strong one.
    var etag: String?
    var lastModified: String?
    /// The length of the whole in bytes.
    var total: UInt64?

    init(etag: String? = nil, lastModified: String? = nil, total: UInt64? = nil) {
        self.etag = etag
        self.lastModified = lastModified
        self.total = total
    }

    /// The validators of a response with the whole.
    init(_ head: ResponseHead, total: UInt64?) {
        let tag = head.headers["ETag"]
        self.init(
            etag: tag?.hasPrefix("\"") == true ? tag : nil, lastModified: head.headers["Last-Modified"], total: total)
    }

    /// The value for If-Range.
    var validator: String? { etag ?? lastModified }

    /// Returns a difference from `other`, or nil if nothing contradicts.
    func difference(from other: ContentPin) -> String? {
        if let total, let now = other.total, total != now { return "its length was \(total) and is \(now) bytes now" }
        if let etag, let now = other.etag { return etag == now ? nil : "its ETag was \(etag) and is \(now) now" }
        if let lastModified, let now = other.lastModified, lastModified != now {
            return "its date was \(lastModified) and is \(now) now"
        }
        return nil
    }

    /// Whether both sides have the same validator.
    func isProven(by other: ContentPin) -> Bool {
        guard difference(from: other) == nil else { return false }
        return (etag != nil && etag == other.etag) || (lastModified != nil && lastModified == other.lastModified)
    }
}
