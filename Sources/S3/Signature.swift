import Bytes
import Checksums
import HTTP

/// The content of the x-amz-content-sha256 field about a request's body.
enum PayloadHash: Equatable {
    /// The body is protected by TLS alone.
    case unsigned
    /// Lower-case hexadecimal SHA-256 of the body.
    case sha256(String)

    static let empty = PayloadHash.sha256("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")

    var field: String {
        switch self {
        case .unsigned: "UNSIGNED-PAYLOAD"
        case .sha256(let digest): digest
        }
    }
}

/// A request's signature: AWS Signature Version 4 for the service `s3`, in the Authorization field.
///
/// The parts have the names of Amazon's "Signature Version 4 signing process".
struct Signature {
    let method: String
    /// The path as it is sent, encoded.
    let path: String
    /// Names and values, not yet encoded, in any order.
    let query: [(String, String)]
    /// All fields that are signed, Host among them; names in any case.
    let headers: HTTPHeaders
    let payload: PayloadHash

    /// Returns the fields that a request needs besides `headers`: date, hash of the body, token and Authorization.
    /// `time` in seconds since 1970.
    static func fields(
        method: String, host: String, path: String, query: [(String, String)], headers: HTTPHeaders,
        payload: PayloadHash, credentials: S3Credentials, region: String, time: Int
    ) -> HTTPHeaders {
        var added: HTTPHeaders = ["x-amz-content-sha256": payload.field, "x-amz-date": Timestamp.basic(time)]
        if let token = credentials.sessionToken { added.append("x-amz-security-token", token) }
        let signature = Signature(
            method: method, path: path, query: query, headers: headers + added + ["host": host], payload: payload)
        added.append("Authorization", signature.authorization(credentials, region: region, time: time))
        return added
    }

    private func authorization(_ credentials: S3Credentials, region: String, time: Int) -> String {
        let stamp = Timestamp.basic(time)
        let date = String(stamp.prefix(8))
        let scope = "\(date)/\(region)/s3/aws4_request"
        let toSign = "AWS4-HMAC-SHA256\n\(stamp)\n\(scope)\n" + hexadecimal(Hash.sha256(canonicalRequest))
        var key = Array("AWS4\(credentials.secretAccessKey)".utf8)
        for part in [date, region, "s3", "aws4_request"] { key = Hash.hmacSHA256(key: key, part) }
        let signature = hexadecimal(Hash.hmacSHA256(key: key, toSign))
        return "AWS4-HMAC-SHA256 Credential=\(credentials.accessKeyID)/\(scope), SignedHeaders=\(signedHeaders), "
            + "Signature=\(signature)"
    }

    var canonicalRequest: String {
        [
            method, path, queryString(query), canonicalHeaders.map { "\($0.0):\($0.1)\n" }.joined(), signedHeaders,
            payload.field,
        ].joined(separator: "\n")
    }

    private var canonicalHeaders: [(String, String)] {
        headers.map { ($0.0.lowercased(), singleSpaced($0.1)) }.sorted { $0.0 < $1.0 }
    }

    private var signedHeaders: String { canonicalHeaders.map(\.0).joined(separator: ";") }
}

/// Returns a query as it is signed and sent: sorted by the encoded names, then values, each with its `=`.
func queryString(_ query: [(String, String)]) -> String {
    query.map { (percentEncoded($0.0.utf8), percentEncoded($0.1.utf8)) }
        .sorted { $0.0 != $1.0 ? $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) : $0.1 < $1.1 }
        .map { "\($0.0)=\($0.1)" }.joined(separator: "&")
}

/// Returns `text` without blanks at its ends, and with one in place of several.
private func singleSpaced(_ text: String) -> String {
    text.split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == "\n" }).joined(separator: " ")
}
