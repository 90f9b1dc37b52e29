import DriverProtocol
import Testing

@testable import HTTP

/// The parts that decide without a network.
struct DecisionTests {
    @Test(arguments: [
        ("bytes 500-999/1000", ContentRange(first: 500, last: 999, total: 1000)),
        ("Bytes 0-0/*", ContentRange(first: 0, last: 0, total: nil)),
        ("bytes */1000", ContentRange(total: 1000)),
        // Not ranges.
        ("bytes 999-500/1000", nil), ("bytes 0-1000/1000", nil), ("bytes -5/10", nil), ("bytes 5-/10", nil),
        ("lines 0-1/2", nil), ("bytes 0-1", nil), ("bytes 0-1/x", nil), ("", nil),
        ("bytes 0-99999999999999999999/*", nil),
    ])
    func contentRange(text: String, expected: ContentRange?) {
        #expect(ContentRange(text) == expected)
    }

    /// The truth table of ``Continuation``, for a download that stands at 100 of 1000 bytes.
    @Test(arguments: [
        // From the start.
        (0, "200", ["Content-Length: 1000"], Continuation.bytes(skip: 0, total: 1000)),
        (0, "200", ["Transfer-Encoding: chunked"], .bytes(skip: 0, total: nil)),
        (0, "206", ["Content-Range: bytes 0-9/10"], .status),
        (0, "404", [], .status),
        // The rest.
        (100, "206", ["Content-Range: bytes 100-999/1000", "ETag: \"a\""], .bytes(skip: 0, total: 1000)),
        (100, "206", ["Content-Range: bytes 100-999/*"], .bytes(skip: 0, total: 1000)),
        (100, "206", ["Content-Range: bytes 100-200/1000"], .bytes(skip: 0, total: 1000)),
        (
            100, "206", ["Content-Range: bytes 100-999/1000", "ETag: \"b\""],
            .changed("its ETag was \"a\" and is \"b\" now")
        ),
        (100, "206", ["Content-Range: bytes 100-899/900"], .changed("its length was 1000 and is 900 bytes now")),
        (
            100, "206", ["Content-Range: bytes 0-999/1000"],
            .unusable("bytes from 100 on were asked for, and Content-Range is bytes 0-999/1000")
        ),
        (100, "206", [], .unusable("bytes from 100 on were asked for, and Content-Range is missing")),
        // The whole again.
        (100, "200", ["Content-Length: 1000", "ETag: \"a\""], .bytes(skip: 100, total: 1000)),
        (100, "200", ["Content-Length: 1000", "Last-Modified: yesterday"], .bytes(skip: 100, total: 1000)),
        (
            100, "200", ["Content-Length: 1000", "Last-Modified: today"],
            .changed("its date was yesterday and is today now")
        ),
        (100, "200", ["Content-Length: 1000", "ETag: \"b\""], .changed("its ETag was \"a\" and is \"b\" now")),
        (100, "200", ["Content-Length: 999", "ETag: \"a\""], .changed("its length was 1000 and is 999 bytes now")),
        (100, "200", ["Content-Length: 1000"], .unpinned),
        (100, "200", ["Content-Length: 1000", "ETag: W/\"a\""], .unpinned),
        // Nothing left.
        (1000, "416", ["Content-Range: bytes */1000"], .complete),
        (100, "416", ["Content-Range: bytes */100"], .changed("the server no longer has bytes after the first 100")),
        (100, "416", [], .changed("the server no longer has bytes after the first 100")),
        (100, "503", [], .status),
    ])
    func continuation(offset: Int, status: String, fields: [String], expected: Continuation) throws {
        var head = try #require(ResponseHead(statusLine: "HTTP/1.1 \(status) Whatever"))
        for field in fields { head.add(line: field) }
        let pin = offset == 0 ? ContentPin() : ContentPin(etag: "\"a\"", lastModified: "yesterday", total: 1000)
        #expect(Continuation(head, offset: UInt64(offset), pin: pin) == expected)
    }

    /// The same if the bytes are verified in the end: only the length counts.
    @Test(arguments: [
        ("206", ["Content-Range: bytes 100-999/1000", "ETag: \"b\""], Continuation.bytes(skip: 0, total: 1000)),
        ("206", ["Content-Range: bytes 100-899/900"], .changed("its length was 1000 and is 900 bytes now")),
        ("200", ["Content-Length: 1000", "ETag: \"b\""], .bytes(skip: 100, total: 1000)),
        ("200", ["Content-Length: 1000", "Last-Modified: today"], .bytes(skip: 100, total: 1000)),
        ("200", ["Content-Length: 1000"], .bytes(skip: 100, total: 1000)),
        ("200", ["Transfer-Encoding: chunked"], .bytes(skip: 100, total: 1000)),
        ("200", ["Content-Length: 999", "ETag: \"a\""], .changed("its length was 1000 and is 999 bytes now")),
        ("416", [], .changed("the server no longer has bytes after the first 100")), ("503", [], .status),
    ]) func continuationOfWhatIsVerified(status: String, fields: [String], expected: Continuation) throws {
        var head = try #require(ResponseHead(statusLine: "HTTP/1.1 \(status) Whatever"))
        for field in fields { head.add(line: field) }
        let pin = ContentPin(etag: "\"a\"", lastModified: "yesterday", total: 1000)
        #expect(Continuation(head, offset: 100, pin: pin, isVerified: true) == expected)
    }

    @Test func aWeakTagPinsNothing() throws {
        var head = try #require(ResponseHead(statusLine: "HTTP/1.1 200"))
        head.add(line: "ETag: W/\"a\"")
        #expect(ContentPin(head, total: 5).validator == nil)
    }

    @Test(arguments: [
        ("http://host/path", "http://host/path"),
        ("https://user:secret@host:8080/path", "https://host:8080/path"),
        ("http://us@er:sec@ret@host/a@b", "http://host/a@b"),
        ("https://host/path?token=secret#part", "https://host/path?…"),
        ("https://host?token=secret", "https://host?…"),
        ("https://host/path#secret", "https://host/path"),
        ("http://[::1]:80/path", "http://[::1]:80/path"),
        ("http://user@[::1]/path", "http://[::1]/path"),
        // A password with a slash in it ends the authority too early.
        ("http://user:sec/ret@host/path", "http://…"),
        ("http://user:sec://ret@host/path", "http://…"),
        ("lxd://https://user:secret@host/path?size=1", "lxd://https://host/path?…"),
        ("lxd://https://user:sec/ret@host/path", "lxd://https://…"),
        ("user:secret@host", "…"), ("nothing", "nothing"),
    ])
    func redaction(url: String, expected: String) {
        #expect("\(Location(url))" == expected)
        #expect(WebURL(url).map { "\($0)" } ?? expected == expected)
    }

    @Test func everyURLOfATextIsRedacted() {
        #expect(
            redactedURLs(in: "Unsupported proxy scheme for 'ftp://user:pass@x:1', or (http://h/p?key=1) a://b@c")
                == "Unsupported proxy scheme for 'ftp://x:1', or (http://h/p?…) a://c")
        #expect(redactedURLs(in: "nothing to hide @ all?") == "nothing to hide @ all?")
    }

    @Test func delaysGrowAndEnd() throws {
        var options = HTTPOptions()
        (options.attempts, options.retryDelay) = (4, 2)
        var backoff = Backoff(options)
        for ceiling in [2.0, 4, 8] {
            let next = backoff.delayAfterFailure()
            let delay = try #require(next)
            #expect((ceiling / 2...ceiling).contains(delay))
        }
        let last = backoff.delayAfterFailure()
        #expect(last == nil)
        backoff.progressed()
        let asked = [7.0, 3600].map { backoff.delayAfterFailure(retryAfter: $0) }
        #expect(asked == [7, 60])
    }

    @Test func headersAreFoundInAnyCase() throws {
        var head = try #require(ResponseHead(statusLine: "HTTP/2 404"))
        for line in ["ETAG:\"x\"", "empty:", "Blank:  \t", "no field", "Two: 1", "two:\t2 "] { head.add(line: line) }
        #expect(head.headers["etag"] == "\"x\"")
        #expect(head.headers["Empty"] == "")
        #expect(head.headers["blank"] == "")
        #expect(head.headers["TWO"] == "2")
        #expect(head.headers["No"] == nil)
        #expect("\(head)" == "HTTP 404")
        #expect(ResponseHead(statusLine: "Content-Length: 3") == nil)
    }

    @Test func aMissingLibraryNamesItsPackage() throws {
        let error = try #require(throws: DriverError.self) { try CurlLibrary.bind("libnothing.so.9") }
        #expect(error.object == "libnothing.so.9")
        #expect(error.remedy.contains("libcurl4"))
        #expect(error.cause.contains("No such file"))
    }
}

extension ContentRange {
    fileprivate init?(first: UInt64, last: UInt64, total: UInt64?) {
        self.init("bytes \(first)-\(last)/" + (total.map { String($0) } ?? "*"))
    }

    fileprivate init?(total: UInt64) {
        self.init("bytes */\(total)")
    }
}
