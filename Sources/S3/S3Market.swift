import Bytes
import DriverProtocol
import HTTP

/// The bucket and the service in a marketplace's template: each attribute read once, into its type.
package struct S3Market: Sendable {
    private static let standardRegion = "us-east-1"

    package let bucket: String
    /// APP_PREFIX: an object's key is `APP_PREFIX-ID`.
    package let prefix: String
    package let service: S3Service
    /// TOTAL_MB.
    package let totalMB: UInt64
    /// READ_LENGTH in bytes.
    package let partSize: UInt64
    /// UPLOAD_CONCURRENCY: parts under way at the same time.
    package let concurrency: Int
    /// MAX_PARTS: the most parts that the service takes for an object.
    package let maximumParts: Int
    /// The fields for STORAGE_CLASS, SSE and SSE_KMS_KEY_ID.
    package let storageHeaders: HTTPHeaders
    /// CREATE_BUCKET.
    package let createsBucket: Bool

    /// Reads the template. Throws a ``DriverError`` that names the attribute of a value that cannot be used.
    package init(
        _ message: Message, _ preferences: TransferPreferences = TransferPreferences(), log: Log
    ) throws(DriverError) {
        let attributes = Attributes(message: message, preferences: preferences)
        bucket = try attributes.bucket()
        prefix = try attributes.prefix()
        try attributes.checkSignatureVersion()
        let region = try attributes.region()
        let endpoint = try attributes.endpoint(region: region ?? Self.standardRegion)
        service = S3Service(
            endpoint: endpoint, region: region ?? endpoint.region ?? Self.standardRegion,
            credentials: try attributes.credentials(log: log), http: try attributes.http(log: log))
        // oned reads the printed number as a signed one.
        totalMB = try attributes.range(S3Inputs.totalMB, 0...UInt64(Int64.max), unit: "MB")
        partSize = try attributes.range(S3Inputs.readLength, 5...5120, unit: "MB") << 20
        concurrency = Int(try attributes.range(S3Inputs.uploadConcurrency, 1...64, unit: "parts"))
        maximumParts = Int(try attributes.range(S3Inputs.maxParts, 2...UInt64(PartPlan.mostParts), unit: "parts"))
        storageHeaders = try attributes.storageHeaders()
        createsBucket = try message.flag(S3Inputs.createBucket)
    }

    /// Returns the address of an app's object.
    package func object(ofApp id: String) -> S3Address { object("\(prefix)-\(id)") }

    /// Returns the address of an object of the bucket.
    package func object(_ key: String) -> S3Address { S3Address(bucket: bucket, key: key) }
}

/// The attributes, one by one.
private struct Attributes {
    let message: Message
    let preferences: TransferPreferences

    private func value(_ input: Input) -> String? { message.value(input) }
    private func invalid(_ input: Input, _ cause: String, remedy: String) -> DriverError {
        message.invalid(input, cause, remedy: remedy)
    }

    func bucket() throws(DriverError) -> String {
        let name = try message.required(S3Inputs.bucket)
        // A colon divides a tenant of Ceph RGW from the bucket.
        let isName =
            name.utf8.count <= 255 && !name.hasPrefix(".")
            && name.utf8.allSatisfy { isAlphanumeric($0) || "-._:".utf8.contains($0) }
        guard isName else {
            throw invalid(S3Inputs.bucket, "is no bucket's name", remedy: "use letters, digits, dots and hyphens")
        }
        return name
    }

    func prefix() throws(DriverError) -> String {
        let prefix = try message.required(S3Inputs.prefix)
        // The SOURCE that comes back must be the one that was printed: see the template's syntax.
        guard prefix.utf8.count <= 512, !prefix.hasPrefix("/"),
            prefix.utf8.allSatisfy({ !isControl($0) && !"\"\\".utf8.contains($0) }),
            haveSameBytes(Template.representable(prefix), prefix)
        else {
            throw invalid(
                S3Inputs.prefix, "cannot begin an object's key", remedy: "use letters, digits, hyphens and slashes")
        }
        return prefix
    }

    /// Any version is accepted: every service takes version 4, which is always used.
    func checkSignatureVersion() throws(DriverError) {
        guard let version = value(S3Inputs.signatureVersion) else { return }
        guard ["s3", "s3v4", "v4"].contains(version.lowercased()) else {
            throw invalid(S3Inputs.signatureVersion, "is not known", remedy: "write s3v4, or leave it out")
        }
    }

    func region() throws(DriverError) -> String? {
        guard let region = value(S3Inputs.region) else { return nil }
        guard region.utf8.count <= 64, region.utf8.allSatisfy({ isAlphanumeric($0) || "-_".utf8.contains($0) }) else {
            throw invalid(S3Inputs.region, "is no region's name", remedy: "write it as in eu-central-1")
        }
        return region
    }

    func endpoint(region: String) throws(DriverError) -> S3Endpoint {
        let isAmazon = try value(S3Inputs.aws) == nil ? value(S3Inputs.endpoint) == nil : message.flag(S3Inputs.aws)
        let usesPathStyle = try message.flag(S3Inputs.forcePathStyle)
        guard let url = value(S3Inputs.endpoint) else {
            guard isAmazon, let endpoint = S3Endpoint.amazon(region: region, usesPathStyle: usesPathStyle) else {
                throw invalid(S3Inputs.aws, "says that there is an ENDPOINT, and there is none", remedy: "set ENDPOINT")
            }
            return endpoint
        }
        guard let endpoint = S3Endpoint(url, usesPathStyle: usesPathStyle) else {
            guard !url.contains("@") else {
                throw DriverError(
                    "use", S3Inputs.endpoint.path,
                    cause: "its value \(quoted(Location(url))) has a user or a password in it",
                    remedy: "remove the part before the host, and set ACCESS_KEY_ID and SECRET_ACCESS_KEY")
            }
            throw invalid(S3Inputs.endpoint, "is no URL", remedy: "write it as in https://s3.example:9000")
        }
        return endpoint
    }

    func credentials(log: Log) throws(DriverError) -> S3Credentials {
        if let file = value(S3Inputs.credentialsFile) {
            let file = try CredentialsFile(path: file)
            guard value(S3Inputs.sessionToken) == nil else {
                throw DriverError(
                    "use", S3Inputs.sessionToken.path,
                    cause: "the keys that it would belong to are in CREDENTIALS_FILE",
                    remedy: "put it there as aws_session_token, or leave CREDENTIALS_FILE out")
            }
            // oned requires keys in the template, too: any will do for it.
            return try file.keys(of: message.required(S3Inputs.profile), log: log)
        }
        let id = try message.required(S3Inputs.accessKeyID)
        let secret = try message.required(S3Inputs.secretAccessKey)
        for (input, text) in [(S3Inputs.accessKeyID, id), (S3Inputs.sessionToken, value(S3Inputs.sessionToken) ?? "")] {
            guard S3Credentials.isKey(text) else {
                // The value stays out of the error: a secret may have been put there.
                throw DriverError(
                    "use", input.path, cause: "it has a character in it that no key has", remedy: "correct it")
            }
        }
        return S3Credentials(accessKeyID: id, secretAccessKey: secret, sessionToken: value(S3Inputs.sessionToken))
    }

    func http(log: Log) throws(DriverError) -> HTTPOptions {
        var options = try HTTPOptions(message, preferences, log: log)
        options.userAgent = "market-drivers"
        return options
    }

    /// Returns a whole number, or the standard one.
    func range(_ input: Input, _ allowed: ClosedRange<UInt64>, unit: String) throws(DriverError) -> UInt64 {
        try message.number(input, in: allowed, unit: unit) ?? allowed.upperBound
    }

    func storageHeaders() throws(DriverError) -> HTTPHeaders {
        var headers: HTTPHeaders = [:]
        if let storageClass = value(S3Inputs.storageClass) {
            guard storageClass.utf8.allSatisfy({ isAlphanumeric($0) || "-_".utf8.contains($0) }) else {
                throw invalid(S3Inputs.storageClass, "is no storage class", remedy: "write it as in STANDARD_IA")
            }
            headers.append("x-amz-storage-class", storageClass)
        }
        let encryption = try message.required(S3Inputs.encryption)
        switch encryption.lowercased() {
        case "none": break
        case "aes256": headers.append("x-amz-server-side-encryption", "AES256")
        case "aws:kms": headers.append("x-amz-server-side-encryption", "aws:kms")
        default: throw invalid(S3Inputs.encryption, "is not known", remedy: "write none, AES256 or aws:kms")
        }
        if let key = value(S3Inputs.encryptionKey) {
            guard encryption.lowercased() == "aws:kms", key.utf8.allSatisfy(isVisible) else {
                throw invalid(
                    S3Inputs.encryptionKey, "needs SSE = aws:kms, and a key's id or ARN", remedy: "correct both")
            }
            headers.append("x-amz-server-side-encryption-aws-kms-key-id", key)
        }
        return headers
    }
}
