import DriverProtocol
import HTTP

/// What a marketplace's template says of its bucket, and of the service.
package enum S3Inputs {
    static let bucket = Input.required(
        template + "BUCKET", "Name of the bucket. With Ceph also `TENANT:BUCKET`.", example: "images")
    static let accessKeyID = Input.optional(
        template + "ACCESS_KEY_ID", "Access key ID. oned requires it.", otherwise: "from `CREDENTIALS_FILE`",
        example: "KEY")
    static let secretAccessKey = Input.optional(
        template + "SECRET_ACCESS_KEY", "Secret access key. oned requires it.", otherwise: "from `CREDENTIALS_FILE`",
        example: "SECRET")
    static let sessionToken = Input.optional(template + "SESSION_TOKEN", "Session token of temporary keys.")
    static let credentialsFile = Input.optional(
        template + "CREDENTIALS_FILE", "File on the front-end with the keys. It overrides the keys in the template.")
    static let profile = Input.optional(
        template + "PROFILE", default: "default", "Section of `CREDENTIALS_FILE`.")
    static let endpoint = Input.optional(
        template + "ENDPOINT", "URL of the service: `http://…` or `https://…`.", otherwise: "Amazon's, in `REGION`",
        example: "https://s3.example:9000")
    static let aws = Input.optional(
        template + "AWS", "`NO` makes `ENDPOINT` required.", otherwise: "`YES` without `ENDPOINT`")
    static let region = Input.optional(
        template + "REGION", "Region of the bucket. oned requires it.",
        otherwise: "what `ENDPOINT` names, or `us-east-1`", example: "us-east-1")
    static let forcePathStyle = Input.optional(
        template + "FORCE_PATH_STYLE", default: "NO",
        "`YES` puts the bucket into the path of each URL instead of the host name.")
    static let signatureVersion = Input.optional(
        template + "SIGNATURE_VERSION", "`s3`, `s3v4` or `v4`. All of them mean version 4.")
    static let prefix = Input.optional(
        template + "APP_PREFIX", default: "marketapp", "Objects are named `APP_PREFIX-ID`, with the ID of the app.")
    /// The stock driver's default.
    static let totalMB = Input.optional(
        template + "TOTAL_MB", default: "1048576", "Size of the marketplace in MB. A smaller quota overrides it.")
    static let readLength = Input.optional(
        template + "READ_LENGTH", default: "8", "Size of an upload part in MB, 5 to 5120.")
    static let maxParts = Input.optional(
        template + "MAX_PARTS", default: "\(PartPlan.mostParts)",
        "Maximum number of parts that the service accepts for an object, 2 to \(PartPlan.mostParts).")
    static let uploadConcurrency = Input.optional(
        template + "UPLOAD_CONCURRENCY", default: "4", "Number of parts that are uploaded in parallel, 1 to 64.")
    static let storageClass = Input.optional(
        template + "STORAGE_CLASS", "Storage class of new objects: `STANDARD_IA`, …", otherwise: "the bucket's default")
    static let encryption = Input.optional(
        template + "SSE", default: "none", "Server-side encryption: `none`, `AES256` or `aws:kms`.")
    static let encryptionKey = Input.optional(
        template + "SSE_KMS_KEY_ID", "KMS key for `aws:kms`.", otherwise: "the service's default")
    static let createBucket = Input.optional(
        template + "CREATE_BUCKET", default: "NO", "`YES` lets the first `import` create a missing bucket.")
    private static let template = "MARKETPLACE/TEMPLATE/"

    /// All of them, with those of HTTP.
    package static let all =
        [
            bucket, accessKeyID, secretAccessKey, sessionToken, credentialsFile, profile, endpoint, aws, region,
            forcePathStyle, signatureVersion, prefix, totalMB, readLength, maxParts, uploadConcurrency, storageClass,
            encryption, encryptionKey, createBucket,
        ] + HTTPOptions.inputs
}
