import Bytes

/// A pair of keys, perhaps temporary.
package struct S3Credentials: Sendable, Equatable {
    /// The names of the three in their template or file, for errors.
    struct Names: Sendable, Equatable {
        static let template = Names(
            accessKeyID: "ACCESS_KEY_ID", secretAccessKey: "SECRET_ACCESS_KEY", sessionToken: "SESSION_TOKEN")
        static let file = Names(
            accessKeyID: "aws_access_key_id in CREDENTIALS_FILE",
            secretAccessKey: "aws_secret_access_key in CREDENTIALS_FILE",
            sessionToken: "aws_session_token in CREDENTIALS_FILE")

        let accessKeyID: String
        let secretAccessKey: String
        let sessionToken: String
    }

    package let accessKeyID: String
    let secretAccessKey: String
    /// Sent as x-amz-security-token with temporary credentials.
    let sessionToken: String?
    var names = Names.template

    package init(accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
    }

    /// Whether `text` can be a key or a token. A comma would end a key's ID in the Authorization field.
    static func isKey(_ text: String, allowsCommas: Bool = false) -> Bool {
        text.utf8.allSatisfy { isVisible($0) && (allowsCommas || $0 != UInt8(ascii: ",")) }
    }
}
