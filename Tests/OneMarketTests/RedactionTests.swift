import DriverProtocol
import Testing

@testable import OneMarket

@Suite struct RedactionTests {
    private func redaction(_ elements: String) throws -> Redaction {
        let document = "<MARKET_DRIVER_ACTION_DATA>\(elements)</MARKET_DRIVER_ACTION_DATA>"
        let message = try Message(text: Array(document.utf8))
        var redaction = Redaction()
        redaction.learn(message.root)
        redaction.learn(base64: Base64.encode(message.document))
        return redaction
    }

    @Test(
        "a name tells whether a value is secret",
        arguments: [
            ("SECRET_ACCESS_KEY", true), ("SECRET", true), ("ACCESS_KEY_ID", true), ("ACCESS_KEY", true),
            ("CEPH_KEY", true), ("key", true), ("DB_PASSWORD", true), ("PASSWD", true), ("ONE_TOKEN", true),
            ("BASE_URL", false), ("KEYBOARD", false), ("MONKEY", false), ("PATH", false), ("KEY_FORMAT", false),
            ("CREDENTIALS_FILE", false), ("AUTH_FILE", false),
        ])
    func names(name: String, isSecret: Bool) {
        #expect(Redaction.isSecret(name) == isSecret)
    }

    @Test(
        "secrets are taken out, however they are written",
        arguments: [
            ("curl --user AKIA:s3cr/t&+key http://h", "curl --user AKIA:[redacted] http://h"),
            ("s3cr/t&+key s3cr/t&+key", "[redacted] [redacted]"),
            ("as URL ?k=s3cr%2Ft%26%2Bkey&x=1", "as URL ?k=[redacted]&x=1"),
            ("as XML <K>s3cr/t&amp;+key</K>", "as XML <K>[redacted]</K>"),
            ("as base64 czNjci90Jitr ZXk= czNjci90JitrZXk=", "as base64 czNjci90Jitr ZXk= [redacted]="),
            ("proxy user:hunter22@proxy", "proxy user:[redacted]@proxy"),
            ("rbd://h/p/i?CEPH_USER=one&CEPH_KEY=AQAx== !", "rbd://h/p/i?CEPH_USER=one&CEPH_KEY=[redacted] !"),
            ("begin line-one line-two end", "begin [redacted] [redacted] end"),
            // text that is too short for a secret, and text that is none
            ("abc plain", "abc plain"),
        ])
    func secrets(text: String, expected: String) throws {
        var redaction = try redaction(
            """
            <MARKETPLACE><TEMPLATE><SECRET_ACCESS_KEY><![CDATA[s3cr/t&+key]]></SECRET_ACCESS_KEY><PASSWORD>abc</PASSWORD>
            <ENDPOINT>http://user:hunter22@proxy:8/x</ENDPOINT><TOKEN>line-one
            line-two</TOKEN><NAME>plain</NAME></TEMPLATE></MARKETPLACE>
            <IMPORT_SOURCE>rbd://h/p/i?CEPH_USER=one&amp;CEPH_KEY=AQAx==</IMPORT_SOURCE>
            """)
        #expect(redaction.redact(text) == expected)
    }

    @Test("base64 blobs are taken out, and paths, hashes and words are not")
    func blobs() throws {
        var redaction = Redaction()
        let blob = String(repeating: "QUJDabc+/9", count: 20)
        let path = "/var/lib/one/datastores" + String(repeating: "/directory", count: 12) + "/image"
        #expect(redaction.redact("got \(blob)== from 'x\(blob)'") == "got [redacted] from '[redacted]'")
        #expect(redaction.redact("PAYLOAD=\(blob)") == "PAYLOAD=[redacted]")
        let harmless = [
            path, "SOURCE=\(path)", "http://localhost\(path)", String(repeating: "0a", count: 32),
            String(blob.prefix(99)), "\(path) \(path)",
        ]
        for text in harmless { #expect(redaction.redact(text) == text) }
        // In base64 the slashes stand farther apart.
        #expect(redaction.redact("/" + blob.filter { $0 != "/" }) == "[redacted]")
    }

    @Test("a message is taken out as XML, as base64, and as base64 in lines")
    func messages() throws {
        let document =
            "<MARKET_DRIVER_ACTION_DATA><A>some text that is rather long, as messages are, and longer</A></MARKET_DRIVER_ACTION_DATA>"
        var redaction = Redaction()
        let base64 = Base64.encode(Array(document.utf8))
        redaction.learn(base64: base64)
        #expect(redaction.redact("x \(document) y") == "x [redacted] y")
        #expect(redaction.redact("x \(document.dropLast(20)) y") == "x [redacted]")
        #expect(redaction.redact("x \(document) \(document) y") == "x [redacted] [redacted] y")
        let lines = stride(from: 0, to: base64.count - 60, by: 60).map {
            String(decoding: base64[$0..<$0 + 60], as: UTF8.self)
        }
        #expect(lines.count >= 2)
        #expect(
            redaction.redact(lines.joined(separator: " ")) == lines.map { _ in "[redacted]" }.joined(separator: " "))
        // An error may name the document.
        let error = "pass a <MARKET_DRIVER_ACTION_DATA> document of at most 16 MiB"
        #expect(redaction.redact(error) == error)
    }
}
