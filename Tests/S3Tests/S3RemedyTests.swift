import Testing

@testable import S3

/// What a user can do about each refusal.
@Suite struct S3RemedyTests {
    static let remedies: [(code: String, word: String)] = [
        ("AccessDenied", "ACCESS_KEY_ID"), ("InvalidAccessKeyId", "ACCESS_KEY_ID"),
        ("SignatureDoesNotMatch", "SECRET_ACCESS_KEY"), ("ExpiredToken", "SESSION_TOKEN"),
        ("AccountProblem", "account"),
        ("RequestTimeTooSkewed", "clock"), ("NoSuchBucket", "CREATE_BUCKET"), ("PermanentRedirect", "REGION"),
        ("AuthorizationHeaderMalformed", "REGION"), ("InvalidBucketName", "FORCE_PATH_STYLE"),
        ("BucketAlreadyExists", "another BUCKET"), ("TooManyBuckets", "limit"), ("QuotaExceeded", "quota"),
        ("XMinioStorageFull", "disks"), ("EntityTooLarge", "READ_LENGTH"), ("EntityTooSmall", "raise READ_LENGTH"),
        ("InvalidPartNumber", "MAX_PARTS"), ("InvalidObjectState", "restore"), ("ObjectLocked", "retention"),
        ("NoSuchUpload", "another import"), ("NoSuchKey", "still there"), ("BadDigest", "altered"),
        ("KMS.NotFoundException", "SSE_KMS_KEY_ID"), ("KMS.DisabledException", "SSE_KMS_KEY_ID"),
        ("InvalidArgument", "MAX_PARTS"), ("NotImplemented", "STORAGE_CLASS"), ("SlowDown", "UPLOAD_CONCURRENCY"),
        ("RequestTimeout", "network"), ("InvalidRequest", "SSE"),
    ]

    @Test(arguments: remedies) func aRefusalHasARemedy(code: String, word: String) {
        #expect(S3Remedy.remedy(code: code, status: 400, keys: .template).contains(word))
    }

    @Test(arguments: [(403, "ACCESS_KEY_ID"), (413, "READ_LENGTH"), (507, "disks"), (503, "busy"), (418, "log")])
    func aStatusWithoutACodeHasOne(status: Int, word: String) {
        #expect(S3Remedy.remedy(code: nil, status: status, keys: .template).contains(word))
    }

    @Test func noCodeHasTwo() {
        let codes = S3Remedy.table.flatMap(\.codes)
        #expect(Set(codes).count == codes.count)
        #expect(codes.allSatisfy { S3Remedy.remedy(code: $0, status: 400, keys: .template).count < 300 })
    }
}
