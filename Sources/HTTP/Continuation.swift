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
        return .changed("the server no longer has bytes after the first \(offset)")
    }
}
