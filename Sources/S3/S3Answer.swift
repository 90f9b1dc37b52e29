import DriverProtocol
import HTTP
import XML

/// What a service answered, and what it said where it refused.
struct S3Answer {
    private let response: HTTPResponse
    /// An earlier attempt may have been carried out, although its answer never came.
    let isRepeated: Bool
    /// The error document's fields; the body of a HEAD has none.
    let code: String?
    let message: String?
    let region: String?
    private let bodyRequestID: String?

    init(_ response: HTTPResponse, isRepeated: Bool) {
        self.response = response
        self.isRepeated = isRepeated
        // A CompleteMultipartUpload may fail after status 200 has been sent.
        let mayExplain = !response.body.isEmpty && response.body.count < 64 << 10
        let error = mayExplain ? (try? XMLParser.parse(response.body)).flatMap { $0.name == "Error" ? $0 : nil } : nil
        func field(_ name: String) -> String? {
            let text = error?.child(name)?.text ?? ""
            return text.isEmpty ? nil : text
        }
        code = field("Code")
        message = field("Message")
        region = response.headers["x-amz-bucket-region"] ?? field("Region")
        bodyRequestID = field("RequestId")
    }

    var status: Int { response.status }
    var headers: HTTPHeaders { response.headers }
    var body: [UInt8] { response.body }
    var isSuccess: Bool { response.isSuccess && code == nil }

    var requestID: String? { headers["x-amz-request-id"] ?? bodyRequestID }

    /// The entity tag without its quotation marks.
    var etag: String? { headers["ETag"].map(unquoted) }

    /// The server's time in seconds since 1970.
    var date: Int? { headers["Date"].flatMap(Timestamp.httpDate) }

    /// Whether the same request may succeed a little later.
    var isTransient: Bool {
        switch code {
        case "SlowDown", "InternalError", "ServiceUnavailable", "RequestTimeout", "OperationAborted",
            "ConditionalRequestConflict", "IncompleteBody":
            true
        // Bytes that were damaged on their way.
        case "BadDigest", "XAmzContentSHA256Mismatch": true
        default: response.isTransient
        }
    }

    /// Whether it looks like one of Ceph's gateway.
    var isCephs: Bool { requestID?.hasPrefix("tx") == true }

    /// `NoSuchBucket: The specified bucket does not exist (HTTP 404, request tx01)`.
    var cause: String { (code ?? S3Remedy.word(for: status)) + (message.map { ": \($0)" } ?? "") + " (\(trace))" }

    /// What the service's log knows it by: `HTTP 404, request tx01`.
    var trace: String { "HTTP \(status)" + (requestID.map { ", request \($0)" } ?? "") }
}

/// The text between quotation marks, as entity tags stand in them.
func unquoted(_ text: String) -> String {
    text.hasPrefix("\"") && text.hasSuffix("\"") && text.utf8.count >= 2 ? String(text.dropFirst().dropLast()) : text
}

/// What to do about the usual refusals.
enum S3Remedy {
    /// A name for a status that came without an error document.
    static func word(for status: Int) -> String {
        switch status {
        case 301, 307: "PermanentRedirect"
        case 400: "BadRequest"
        case 403: "AccessDenied"
        case 404: "NotFound"
        case 407: "ProxyAuthenticationRequired"
        case 412: "PreconditionFailed"
        case 503: "ServiceUnavailable"
        default: "the service failed"
        }
    }

    /// - Parameter keys: what the keys that were used are called where they stand.
    static func remedy(code: String?, status: Int, keys: S3Credentials.Names) -> String {
        switch code ?? word(for: status) {
        case "AccessDenied", "AllAccessDisabled", "AccountProblem":
            "allow the owner of \(keys.accessKeyID) to list, read, write and delete in the bucket, and check BUCKET; "
                + "temporary keys need their \(keys.sessionToken)"
        case "NoSuchBucket", "NotFound":
            "create the bucket, or correct BUCKET and ENDPOINT, or set CREATE_BUCKET=\"YES\""
        case "SignatureDoesNotMatch":
            "correct \(keys.secretAccessKey); with a proxy on the way, see that it alters nothing"
        case "RequestTimeTooSkewed", "RequestExpired": "set this machine's clock, for example with chrony"
        case "PermanentRedirect", "TemporaryRedirect", "AuthorizationHeaderMalformed",
            "IllegalLocationConstraintException":
            "set REGION to the bucket's region, and ENDPOINT to that region's"
        case "InvalidAccessKeyId":
            "correct \(keys.accessKeyID): this service does not know it"
        case "ExpiredToken", "InvalidToken": "renew \(keys.sessionToken) and the keys that belong to it"
        case "QuotaExceeded", "EntityTooLarge": "raise the quota of the user or bucket, or remove apps"
        case "InvalidBucketName": "correct BUCKET, or set FORCE_PATH_STYLE=\"YES\""
        case "ProxyAuthenticationRequired":
            "put the proxy's user and password into PROXY, or http_proxy: http://USER:PASSWORD@HOST:PORT"
        case "InvalidRequest":
            "where SSE is set, leave it and SSE_KMS_KEY_ID out, or have the service set up for encryption; it may want https"
        case "InvalidArgument":
            "check STORAGE_CLASS and SSE_KMS_KEY_ID: the service may not know them; else READ_LENGTH"
        case "NoSuchUpload":
            "another import of the same app has aborted it: let one end before the next, and import again"
        case "NoSuchKey": "check that the app's object is still there"
        case "NotImplemented", "MethodNotAllowed": "leave out SSE, STORAGE_CLASS or what else this service lacks"
        case "SlowDown", "ServiceUnavailable", "InternalError":
            "see what else keeps the service busy, or lower UPLOAD_CONCURRENCY"
        default: "check the marketplace's attributes, and the service's log for the request"
        }
    }
}
