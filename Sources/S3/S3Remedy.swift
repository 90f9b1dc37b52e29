/// The remedies for a service's refusals: a row for each code that a user can do something about, the same for those
/// that mean the same.
enum S3Remedy {
    /// Returns a name for a status that came without an error document.
    static func word(for status: Int) -> String {
        switch status {
        case 301, 307: "PermanentRedirect"
        case 400: "BadRequest"
        case 403: "AccessDenied"
        case 404: "NotFound"
        case 407: "ProxyAuthenticationRequired"
        case 412: "PreconditionFailed"
        case 413: "EntityTooLarge"
        case 503: "ServiceUnavailable"
        case 507: "InsufficientStorage"
        default: "the service failed"
        }
    }

    /// - Parameter keys: the names that the keys have in the place that they come from.
    static func remedy(code: String?, status: Int, keys: S3Credentials.Names) -> String {
        let code = code ?? word(for: status)
        guard let row = table.first(where: { $0.codes.contains(code) }) else {
            return "check the marketplace's attributes, and the service's log for the request"
        }
        return row.remedy(keys)
    }

    /// The remedy for a response that is none of S3's.
    static let otherService = "check that ENDPOINT is an S3 service's, and proxies on the way"

    typealias Row = (codes: [String], remedy: @Sendable (S3Credentials.Names) -> String)

    static let table: [Row] = keyRows + placeRows + objectRows + serviceRows

    /// What a refusal of a bucket is about, by its code; nil if it is about the bucket itself.
    static func subject(of code: String?) -> S3Client.Refusal.Subject? {
        guard let code, !accessCodes.contains(code) else { return nil }
        if clockCodes.contains(code) { return .clock }
        if regionCodes.contains(code) { return .region }
        return keyRows.contains { $0.codes.contains(code) } ? .keys : nil
    }

    private static let accessCodes = ["AccessDenied", "AllAccessDisabled", "UnauthorizedAccess"]
    private static let clockCodes = ["RequestTimeTooSkewed", "RequestExpired"]
    private static let regionCodes = [
        "PermanentRedirect", "TemporaryRedirect", "Redirect", "AuthorizationHeaderMalformed",
        "IllegalLocationConstraintException", "InvalidRegion", "InvalidLocationConstraint",
    ]

    /// Who asks.
    private static let keyRows: [Row] = [
        (
            accessCodes,
            {
                "allow the owner of \($0.accessKeyID) to list, read, write and delete in the bucket, and check BUCKET; "
                    + "temporary keys need their \($0.sessionToken)"
            }
        ),
        (
            ["AccountProblem", "UserSuspended", "NotSignedUp", "InvalidPayer", "AccountSuspended"],
            { "settle with the service what it has against the account of \($0.accessKeyID)" }
        ),
        (
            ["SignatureDoesNotMatch"],
            { "correct \($0.secretAccessKey); with a proxy on the way, see that it alters nothing" }
        ),
        (clockCodes, { _ in "set this machine's clock, for example with chrony" }),
        (
            ["InvalidAccessKeyId", "InvalidClientTokenId", "AccessKeyDisabled"],
            { "correct \($0.accessKeyID): this service does not know it" }
        ),
        (
            ["ExpiredToken", "InvalidToken", "TokenRefreshRequired"],
            { "renew \($0.sessionToken) and the keys that belong to it" }
        ),
        (
            ["ProxyAuthenticationRequired"],
            { _ in
                "put the proxy's user and password into PROXY, or http_proxy in etc/mad/one_market or etc/defaultrc: "
                    + "http://USER:PASSWORD@HOST:PORT"
            }
        ),
    ]

    /// Errors about the place of the bucket.
    private static let placeRows: [Row] = [
        (
            ["NoSuchBucket", "NotFound"],
            { _ in "create the bucket, or correct BUCKET and ENDPOINT, or set CREATE_BUCKET=\"YES\"" }
        ),
        (regionCodes, { _ in "set REGION to the bucket's region, and ENDPOINT to that region's" }),
        (["InvalidBucketName"], { _ in "correct BUCKET, or set FORCE_PATH_STYLE=\"YES\"" }),
        (
            ["BucketAlreadyExists"],
            { _ in "choose another BUCKET: another account of this service has one of that name" }
        ),
        (["TooManyBuckets"], { _ in "remove a bucket, or have the account's limit of buckets raised" }),
    ]

    /// What is stored.
    private static let objectRows: [Row] = [
        (
            ["QuotaExceeded", "InsufficientStorage", "XMinioStorageFull", "InsufficientCapacity", "StorageFull"],
            { _ in "raise the quota of the user or bucket, or the service's disks, or remove apps" }
        ),
        (
            ["EntityTooLarge", "MaxMessageLengthExceeded"],
            { _ in "lower READ_LENGTH: the service takes no such parts; or raise the quota of the user or bucket" }
        ),
        (["EntityTooSmall"], { _ in "raise READ_LENGTH: the service wants larger parts" }),
        (
            ["InvalidPartNumber", "TooManyParts", "InvalidPartOrder"],
            { _ in "set MAX_PARTS to the number of parts that the service takes" }
        ),
        (
            ["InvalidObjectState", "ObjectNotInActiveTierError"],
            { _ in
                "restore the object from its archive first, or copy it to the storage class STANDARD; choose a "
                    + "STORAGE_CLASS that can be read at once"
            }
        ),
        (["ObjectLocked", "ObjectUnderRetention"], { _ in "wait for the end of the object's retention, or lift it" }),
        (
            ["NoSuchUpload"],
            { _ in "another import of the same app has aborted it: let one end before the next, and import again" }
        ),
        (["NoSuchKey"], { _ in "check that the object is still there" }),
        (
            ["BadDigest", "InvalidDigest", "XAmzContentSHA256Mismatch", "InvalidPart"],
            { _ in "check proxies on the way and this machine's memory: bytes were altered; then try again" }
        ),
    ]

    /// What the service can do.
    private static let serviceRows: [Row] = [
        (
            ["InvalidRequest"],
            { _ in
                "if SSE is set, leave it and SSE_KMS_KEY_ID out, or have the service set up for encryption; it may want "
                    + "https"
            }
        ),
        (
            ["InvalidArgument", "InvalidStorageClass"],
            { _ in
                "check STORAGE_CLASS and SSE_KMS_KEY_ID: the service may not know them; else MAX_PARTS and READ_LENGTH: it may "
                    + "take fewer parts"
            }
        ),
        (
            [
                "KMS.NotFoundException", "KMS.DisabledException", "KMS.KMSInvalidStateException",
                "KMS.InvalidKeyUsageException", "KMS.AccessDeniedException", "KMSKeyNotFoundException",
                "InvalidEncryptionAlgorithmError", "KMSNotConfigured", "ServerSideEncryptionConfigurationNotFoundError",
            ],
            { "correct SSE and SSE_KMS_KEY_ID, and let the owner of \($0.accessKeyID) use that key" }
        ),
        (
            ["NotImplemented", "MethodNotAllowed", "XNotImplemented"],
            { _ in "leave out SSE, STORAGE_CLASS or what else this service lacks" }
        ),
        (
            [
                "SlowDown", "ServiceUnavailable", "InternalError", "RequestLimitExceeded", "Throttling",
                "ThrottlingException", "TooManyRequests", "BandwidthLimitExceeded", "OperationAborted", "Busy",
            ],
            { _ in "see what else keeps the service busy, or lower UPLOAD_CONCURRENCY" }
        ),
        (["RequestTimeout", "IncompleteBody"], { _ in "check the network: the service waited in vain for bytes" }),
    ]
}
