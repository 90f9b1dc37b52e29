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

/// The meaning of a response to a download that has `offset` bytes already, and has asked for the rest if that is not
/// 0.
///
/// | offset | status | condition                                             | outcome           |
/// |--------|--------|-------------------------------------------------------|-------------------|
/// | 0      | 200    |                                                       | bytes, skip 0     |
/// | more   | 206    | Content-Range begins at offset, nothing has changed   | bytes, skip 0     |
/// | more   | 206    | length or validator has changed                       | changed           |
/// | more   | 206    | Content-Range begins elsewhere, or is missing         | unusable          |
/// | more   | 200    | a validator proves the same content                   | bytes, skip offset|
/// | more   | 200    | length or validator has changed                       | changed           |
/// | more   | 200    | nothing to compare                                    | unpinned          |
/// | more   | 416    | `bytes */offset`, and that may be the length          | complete          |
/// | more   | 416    | otherwise                                             | changed           |
/// | any    | other  |                                                       | status            |
///
/// If the caller verifies the bytes by a digest, another validator or none is no obstacle: a redirector leads from one
/// mirror to the next, and these have different validators for the same file. Only another length is.
enum Continuation: Equatable {
    /// The body continues the download after `skip` bytes that are here already.
    case bytes(skip: UInt64, total: UInt64?)
    case complete
    case changed(String)
    case unpinned
    case unusable(String)
    case status

    init(_ head: ResponseHead, offset: UInt64, pin: ContentPin, isVerified: Bool = false) {
        let pin = isVerified ? ContentPin(total: pin.total) : pin
        switch head.status {
        case 200 where offset == 0: self = .bytes(skip: 0, total: head.contentLength)
        case 200: self = Self.whole(head, offset: offset, pin: pin, isVerified: isVerified)
        case 206 where offset > 0: self = Self.part(head, offset: offset, pin: pin)
        case 416 where offset > 0: self = Self.unsatisfiable(head, offset: offset, pin: pin)
        default: self = .status
        }
    }

    private static func whole(
        _ head: ResponseHead, offset: UInt64, pin: ContentPin, isVerified: Bool
    ) -> Continuation {
        let now = ContentPin(head, total: head.contentLength)
        if let difference = pin.difference(from: now) { return .changed(difference) }
        return isVerified || pin.isProven(by: now) ? .bytes(skip: offset, total: pin.total ?? now.total) : .unpinned
    }

    private static func part(_ head: ResponseHead, offset: UInt64, pin: ContentPin) -> Continuation {
        let field = head.headers["Content-Range"]
        guard let field, let range = ContentRange(field), let bytes = range.bytes, bytes.lowerBound == offset else {
            return .unusable("bytes from \(offset) on were asked for, and Content-Range is \(field ?? "missing")")
        }
        let now = ContentPin(head, total: range.total)
        if let difference = pin.difference(from: now) { return .changed(difference) }
        return .bytes(skip: 0, total: pin.total ?? now.total)
    }

    private static func unsatisfiable(_ head: ResponseHead, offset: UInt64, pin: ContentPin) -> Continuation {
        let total = head.headers["Content-Range"].flatMap { ContentRange($0) }?.total
        if total == offset, pin.total == nil || pin.total == offset { return .complete }
        return .changed("the server has no bytes behind the first \(offset) any more")
    }
}
