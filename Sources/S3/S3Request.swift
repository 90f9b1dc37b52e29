import HTTP

/// One request before it is signed.
struct S3Request {
    let method: HTTPMethod
    /// The verb for it in errors: `upload`.
    let operation: String
    let bucket: String
    /// Nil for a request about the bucket.
    let key: String?
    var query: [(String, String)] = []
    var headers: HTTPHeaders = [:]
    /// The 32 bytes of the body's SHA-256, if they are known already.
    var bodySHA256: [UInt8]?
    /// Whether libcurl must not repeat it by itself, because carrying it out twice matters.
    var onNewConnection = false
    /// Whether a response is waited for that nobody wants any more, because what it reports has to be taken back.
    var awaitsAnswer = false

    /// A request about a bucket.
    init(_ method: HTTPMethod, _ operation: String, bucket: String, query: [(String, String)] = []) {
        self.method = method
        self.operation = operation
        self.bucket = bucket
        key = nil
        self.query = query
    }

    /// A request about an object.
    init(
        _ method: HTTPMethod, _ operation: String, _ object: S3Address, query: [(String, String)] = [],
        headers: HTTPHeaders = [:], bodySHA256: [UInt8]? = nil, onNewConnection: Bool = false,
        awaitsAnswer: Bool = false
    ) {
        self.method = method
        self.operation = operation
        bucket = object.bucket
        key = object.key
        self.query = query
        self.headers = headers
        self.bodySHA256 = bodySHA256
        self.onNewConnection = onNewConnection
        self.awaitsAnswer = awaitsAnswer
    }
}
