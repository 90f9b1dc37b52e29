import Bytes
import Checksums
import DriverProtocol
import Foundation
import HTTP
import TestSupport
import Testing

@testable import S3

/// botocore is the oracle: it signs the same requests.
@Suite struct SignatureTests {
    private struct Case: Encodable {
        let method: String
        let url: String
        let headers: [[String]]
        let body: String
        let hashed: Bool
        let id: String
        let secret: String
        let token: String
        let region: String
        let time: Int
    }

    private static let script = Fixture.packageRoot.appending(path: "Tests/Rigs/sign-requests.py").path

    @Test func agreesWithBotocore() throws {
        var generator = SeededGenerator.fresh()
        var cases: [Case] = []
        var ours: [String] = []
        for _ in 0..<SeededGenerator.rounds(2500) {
            let (test, signature) = Self.make(&generator)
            cases.append(test)
            ours.append(signature)
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        let lines = try cases.map { String(decoding: try encoder.encode($0), as: UTF8.self) }
        let outcome = try run(
            [PythonTools.path("python3"), Self.script], input: Array((lines.joined(separator: "\n") + "\n").utf8))
        #expect(outcome.status.isSuccess, "\(outcome.errors)")
        let theirs = outcome.output.split(separator: "\n").map(String.init)
        try #require(theirs.count == ours.count)
        for (index, test) in cases.enumerated() {
            #expect(ours[index] == theirs[index], "\(test.method) \(test.url) \(test.headers)")
        }
    }

    private static func make(_ generator: inout SeededGenerator) -> (Case, String) {
        let bucket = ["one-apps", "b.dotted.name", "Tenant:apps", "x0-y"].randomElement(using: &generator)!
        let key = Bool.random(using: &generator) ? randomKey(&generator) : nil
        let url = [
            "http://127.0.0.1:7480", "https://s3.example", "https://s3.eu-west-1.amazonaws.com",
            "http://rgw.local:80/base", "https://s3.example:9000", "http://localhost:7480",
        ].randomElement(using: &generator)!
        let endpoint = S3Endpoint(url, usesPathStyle: Bool.random(using: &generator))!
        let (host, path) = endpoint.location(bucket: bucket, key: key)
        let query = randomQuery(&generator)
        let headers = randomHeaders(&generator)
        let isHashed = Bool.random(using: &generator)
        let body = ["", "x", "<Part>ä</Part>"].randomElement(using: &generator)!
        let keys = S3Credentials(
            accessKeyID: "AKIA\(Int.random(in: 0..<999, using: &generator))", secretAccessKey: "s/e+c=r&t ü",
            sessionToken: Bool.random(using: &generator) ? "token/+=\(Int.random(in: 0..<9, using: &generator))" : nil)
        let region = ["us-east-1", "eu-central-1", "default", "garage"].randomElement(using: &generator)!
        let time = Int.random(in: 946_684_800..<4_102_444_800, using: &generator)
        let payload: PayloadHash = isHashed ? .sha256(hexadecimal(Hash.sha256(body))) : .unsigned
        let method = ["GET", "PUT", "HEAD", "DELETE", "POST"].randomElement(using: &generator)!
        let fields = Signature.fields(
            method: method, host: host, path: path, query: query, headers: HTTPHeaders(headers), payload: payload,
            credentials: keys, region: region, time: time)
        let test = Case(
            method: method,
            url: "\(endpoint.scheme)://\(host)\(path)" + (query.isEmpty ? "" : "?" + queryString(query)),
            headers: headers.map { [$0.0, $0.1] }, body: body, hashed: isHashed, id: keys.accessKeyID,
            secret: keys.secretAccessKey, token: keys.sessionToken ?? "", region: region, time: time)
        return (test, fields["Authorization"]!)
    }

    private static func randomKey(_ generator: inout SeededGenerator) -> String {
        let pieces = [
            "a", "Z", "9", " ", "  ", "+", "%", "%41", "~", "-", "_", ".", "..", "/", "//", "é", "日本", "🚀", "!", "*",
            "'", "(", ")", "&", "=", "?", "#", "@", ":", ",", ";", "$", "\"", "<", ">", "[", "]", "|", "^", "`", "{",
        ]
        let count = Int.random(in: 1...12, using: &generator)
        return (0..<count).map { _ in pieces.randomElement(using: &generator)! }.joined()
    }

    private static func randomQuery(_ generator: inout SeededGenerator) -> [(String, String)] {
        let all = [
            ("uploads", ""), ("uploadId", "2~a+b/c=&x"), ("partNumber", "17"), ("list-type", "2"),
            ("prefix", randomKey(&generator)), ("continuation-token", "1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J+"),
            ("encoding-type", "url"), ("key-marker", "a b~c"), ("delete", ""), ("max-keys", "1000"),
        ]
        return Array(all.shuffled(using: &generator).prefix(Int.random(in: 0...4, using: &generator)))
    }

    private static func randomHeaders(_ generator: inout SeededGenerator) -> [(name: String, value: String)] {
        let all: [(name: String, value: String)] = [
            ("Content-MD5", "1B2M2Y8AsgTpgAmY7PhCfg=="), ("Range", "bytes=0-99"), ("If-Match", "\"abc\""),
            ("If-None-Match", "*"), ("x-amz-meta-market-app", "0.1.2"), ("Content-Type", "application/xml"),
            ("x-amz-storage-class", "STANDARD_IA"), ("x-amz-meta-Odd", "  two  blanks  "),
            ("x-amz-server-side-encryption", "AES256"),
        ]
        return Array(all.shuffled(using: &generator).prefix(Int.random(in: 0...5, using: &generator)))
    }
}
