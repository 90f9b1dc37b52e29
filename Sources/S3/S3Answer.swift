import Bytes
import DriverProtocol
import HTTP
import XML

/// A service's response, and its reason if it refused.
struct S3Answer {
    private let response: HTTPResponse
    /// Whether an earlier attempt may have been carried out, although its response never came.
    let isRepeated: Bool
    /// The body's document, or nil if there is none.
    let document: S3Document?
    /// Why the body of what looks like a success is none of S3's; nil if it is, or if there is no body.
    let damage: String?
    private let isError: Bool
    /// The error document's fields; the body of a HEAD has none.
    let code: String?
    let message: String?
    let region: String?
    private let bodyRequestID: String?

    init(_ response: HTTPResponse, isRepeated: Bool) {
        self.response = response
        self.isRepeated = isRepeated
        (document, damage) = Self.read(response)
        // A CompleteMultipartUpload may fail after status 200 has been sent.
        let root = document?.root
        let error = root?.name == "Error" ? root : root?.name == "ErrorResponse" ? root?.child("Error") : nil
        isError = error != nil
        func field(_ name: String) -> String? {
            let text = error?.child(name)?.text ?? ""
            return text.isEmpty ? nil : text
        }
        code = field("Code")
        message = field("Message")
        region = response.headers["x-amz-bucket-region"] ?? field("Region")
        bodyRequestID = field("RequestId")
    }

    private static func read(_ response: HTTPResponse) -> (S3Document?, damage: String?) {
        guard !withoutLead(response.body).isEmpty else { return (nil, nil) }
        do {
            let document = try S3Document(response.body)
            // A portal's page may be XML, too.
            let isPage = response.isSuccess && document.root.name.lowercased() == "html"
            return isPage ? (nil, "it is a web page") : (document, nil)
        } catch {
            return (nil, response.isSuccess ? "\(error)" : nil)
        }
    }

    var status: Int { response.status }
    var headers: HTTPHeaders { response.headers }
    var isSuccess: Bool { response.isSuccess && !isError && damage == nil }

    var requestID: String? { headers["x-amz-request-id"] ?? bodyRequestID }

    /// The entity tag without its quotation marks.
    var etag: String? { headers["ETag"].map(unquoted) }

    /// Whether the entity tag is a weak one, which no request's condition matches: a proxy on the way has made it so.
    var hasWeakETag: Bool { headers["ETag"]?.hasPrefix(weakMark) == true }

    /// The server's time in seconds since 1970.
    var date: Int? { headers["Date"].flatMap(Timestamp.httpDate) }

    /// Whether the same request may succeed a little later.
    var isTransient: Bool {
        // A document that breaks off, unlike a page.
        guard damage == nil else {
            return withoutLead(response.body).starts(with: "<?xml".utf8)
        }
        return code.map(Self.transientCodes.contains) == true || response.isTransient
    }

    private static let transientCodes: Set = [
        "SlowDown", "InternalError", "ServiceUnavailable", "RequestTimeout", "OperationAborted",
        "ConditionalRequestConflict", "IncompleteBody", "RequestLimitExceeded", "Throttling", "ThrottlingException",
        "TooManyRequests", "BandwidthLimitExceeded", "Busy",
        // Bytes that were damaged on their way.
        "BadDigest", "XAmzContentSHA256Mismatch",
    ]

    /// Whether the refusal may mean something of the request that some services do not know: a condition, a newer
    /// version.
    var mayNotKnowRequest: Bool {
        status == 501 || code == "NotImplemented"
            || status == 400 && [nil, "BadRequest", "InvalidArgument", "InvalidRequest"].contains(code)
    }

    /// Whether it looks like one of Ceph's gateway.
    var isCephs: Bool { requestID?.hasPrefix("tx") == true }

    /// `NoSuchBucket: The specified bucket does not exist (HTTP 404, request tx01)`.
    var cause: String {
        if let damage { return "the answer is not S3's: \(damage) (\(trace))" }
        return (code ?? S3Remedy.word(for: status)) + (message.map { ": \($0)" } ?? "") + " (\(trace))"
    }

    /// - Parameter keys: the names of the used keys in their template or file.
    func remedy(keys: S3Credentials.Names) -> String {
        damage != nil ? S3Remedy.otherService : S3Remedy.remedy(code: code, status: status, keys: keys)
    }

    /// Its identification in the service's log: `HTTP 404, request tx01`.
    var trace: String { "HTTP \(status)" + (requestID.map { ", request \($0)" } ?? "") }
}

private let weakMark = "W/"

/// Returns an entity tag without its quotation marks, and without the mark of a weak one.
func unquoted(_ tag: String) -> String {
    let text = tag.hasPrefix(weakMark) ? tag.dropFirst(weakMark.count) : tag[...]
    return text.hasPrefix("\"") && text.hasSuffix("\"") && text.utf8.count >= 2
        ? String(text.dropFirst().dropLast()) : String(text)
}
