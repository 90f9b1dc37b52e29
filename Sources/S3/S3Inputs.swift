import DriverProtocol
import HTTP

/// What a marketplace's template says of its bucket, and of the service.
package enum S3Inputs {
    static let bucket = Input.required(
        template + "BUCKET", "The bucket; `TENANT:BUCKET` of Ceph is taken, too.", example: "images")
    static let accessKeyID = Input.optional(
        template + "ACCESS_KEY_ID", "The key's name. oned requires it.", otherwise: "that of `CREDENTIALS_FILE`",
        example: "KEY")
    static let secretAccessKey = Input.optional(
        template + "SECRET_ACCESS_KEY", "The key. oned requires it.", otherwise: "that of `CREDENTIALS_FILE`",
        example: "SECRET")
    static let sessionToken = Input.optional(template + "SESSION_TOKEN", "The token that belongs to temporary keys.")
    static let credentialsFile = Input.optional(
        template + "CREDENTIALS_FILE", "A file on the front-end with the keys, which go before the template's.")
    static let profile = Input.optional(
        template + "PROFILE", default: "default", "The section of `CREDENTIALS_FILE`.")
    static let endpoint = Input.optional(
        template + "ENDPOINT", "The service's URL, `http://` or `https://`.", otherwise: "Amazon's, of `REGION`",
        example: "https://s3.example:9000")
    static let aws = Input.optional(
        template + "AWS", "`NO`: there must be an `ENDPOINT`.", otherwise: "`YES` without `ENDPOINT`")
    static let region = Input.optional(
        template + "REGION", "The bucket's region. oned requires it.",
        otherwise: "what `ENDPOINT` names, or `us-east-1`", example: "us-east-1")
    static let forcePathStyle = Input.optional(
        template + "FORCE_PATH_STYLE", default: "NO", "`YES`: the bucket stands in each URL's path, not in its host.")
    static let signatureVersion = Input.optional(
        template + "SIGNATURE_VERSION", "`s3`, `s3v4` or `v4`: all mean version 4.")
    static let prefix = Input.optional(
        template + "APP_PREFIX", default: "marketapp", "An app's object is called `APP_PREFIX-ID`.")
    /// The stock driver's default.
    static let totalMB = Input.optional(
        template + "TOTAL_MB", default: "1048576", "The marketplace's size in MB; a quota that is less goes before it.")
    static let readLength = Input.optional(template + "READ_LENGTH", default: "8", "MB of a part, 5 to 5120.")
    static let maxParts = Input.optional(
        template + "MAX_PARTS", default: "\(PartPlan.mostParts)",
        "The most parts that the service takes for an object, 2 to \(PartPlan.mostParts).")
    static let uploadConcurrency = Input.optional(
        template + "UPLOAD_CONCURRENCY", default: "4", "Parts that are uploaded at the same time, 1 to 64.")
    static let storageClass = Input.optional(
        template + "STORAGE_CLASS", "The class of new objects: `STANDARD_IA`, …", otherwise: "the bucket's")
    static let encryption = Input.optional(
        template + "SSE", default: "none", "Encryption by the service: `none`, `AES256`, `aws:kms`.")
    static let encryptionKey = Input.optional(
        template + "SSE_KMS_KEY_ID", "The key for `aws:kms`.", otherwise: "the service's own")
    static let createBucket = Input.optional(
        template + "CREATE_BUCKET", default: "NO", "`YES`: the first `import` makes a bucket that is missing.")
    private static let template = "MARKETPLACE/TEMPLATE/"

    /// All of them, with those of HTTP.
    package static let all =
        [
            bucket, accessKeyID, secretAccessKey, sessionToken, credentialsFile, profile, endpoint, aws, region,
            forcePathStyle, signatureVersion, prefix, totalMB, readLength, maxParts, uploadConcurrency, storageClass,
            encryption, encryptionKey, createBucket,
        ] + HTTPOptions.inputs
}
