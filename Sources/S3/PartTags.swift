import Bytes
import Checksums
import DriverProtocol
import Posix

/// What the entity tag of a part says of its bytes.
enum S3TagKind: Sendable {
    /// It is the MD5 that was sent.
    case md5
    /// It looks like an MD5, and is not the one that was sent: of other bytes, or of the service's own making.
    case other
    /// It is of another form, or of an encrypted part: it says nothing.
    case silent
    case missing

    init(_ etag: String, md5: [UInt8], isOpaque: Bool) {
        let digest = Digest.Algorithm.md5.digest(etag)
        if etag.isEmpty {
            self = .missing
        } else if digest == hexadecimal(md5) {
            self = .md5
        } else {
            self = isOpaque || digest == nil ? .silent : .other
        }
    }
}

/// What the parts of an upload have shown of their service: whether its entity tags are MD5s at all. Ozone, s3proxy and
/// others make 32 digits of their own.
final class PartTags: Sendable {
    private let seen = Locked<S3TagKind?>(nil)

    /// Returns whether a part with such a tag counts as stored. One that may be of other bytes is sent once more; if
    /// this does not help, and no part has come back with its MD5, the service makes its tags itself.
    func accept(_ tag: S3TagKind, attempt: Int) -> Bool {
        switch tag {
        case .silent: true
        case .missing: false
        case .md5:
            seen.update { seen in
                seen = .md5
                return true
            }
        case .other:
            seen.update { seen in
                if seen == nil, attempt > 1 { seen = .other }
                return seen == .other
            }
        }
    }

    /// Returns the number of a part whose tag is no MD5 while another one's is, or nil if all agree.
    static func contradiction(_ parts: [S3Part]) -> Int? {
        guard parts.contains(where: { $0.tag == .md5 }) else { return nil }
        return parts.first { $0.tag == .other }?.number
    }
}
