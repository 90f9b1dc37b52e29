/// The method of a request: RFC 9110, section 9.3.
package enum HTTPMethod: String, Sendable {
    case get = "GET"
    case head = "HEAD"
    case put = "PUT"
    case post = "POST"
    case delete = "DELETE"

    /// The verb for it in errors: `fetch`.
    var operation: String {
        switch self {
        case .get: "fetch"
        case .head: "look up"
        case .put: "upload to"
        case .post: "post to"
        case .delete: "delete"
        }
    }

    /// Whether redirects are followed, which repeats the request. A request that changes something must be meant for
    /// the final URL, and one that is signed would not be valid there.
    var followsRedirects: Bool { self == .get || self == .head }
}
