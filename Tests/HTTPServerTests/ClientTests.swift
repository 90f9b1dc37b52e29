import DriverProtocol
import Posix
import TestSupport
import Testing

@testable import HTTP

struct ClientTests {
    @Test func aCatalogComesFromNginx() throws {
        let directory = try TemporaryDirectory()
        let catalog = TestFiles.noise(300_000)
        try directory.write("catalog", catalog)
        let nginx = try Nginx(root: directory.path)
        let client = HTTPClient(options: quick { $0.userAgent = "test/1" })
        for _ in 0..<3 {
            let response = try client.get(web(nginx.url("/catalog")))
            #expect(response.status == 200)
            #expect(response.body == catalog)
            #expect(response.headers["content-length"] == "300000")
        }
        let head = try client.once(.head, nginx.url("/catalog"))
        #expect(head.body == [])
        #expect(head.headers["CONTENT-LENGTH"] == "300000")
    }

    @Test(arguments: [301, 302, 303, 307, 308])
    func redirectsAreFollowed(status: Int) throws {
        let rig = try Rig(size: 1000)
        let response = try rig.get("/~redirect=\(status),3/image")
        #expect(response.body == rig.content)
        #expect(response.head.effectiveURL?.text == rig.server.url("/~redirect=\(status),0/image"))
        #expect(try rig.server.requests().count == 4)
    }

    @Test func redirectsHaveALimit() throws {
        let rig = try Rig(size: 10)
        #expect(try rig.get("/~redirect=302,10/image").body == rig.content)
        let error = try #require(throws: DriverError.self) { try rig.get("/~redirect=302,11/image") }
        #expect(error.cause == "Maximum (10) redirects followed")
    }

    @Test(arguments: ["file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1/x"])
    func aRedirectLeavesHTTPNowhere(target: String) throws {
        let rig = try Rig(size: 10)
        let error = try #require(throws: DriverError.self) { try rig.get("/~to=302,\(hexadecimal(target))/image") }
        #expect(error.cause.contains("not supported or disabled"))
        #expect(error.remedy.contains("only http:// and https://"))
        #expect(WebURL(target) == nil)
    }

    /// A lasting failure is not retried.
    @Test(arguments: [
        (400, "what the server expects"), (401, "credentials"), (403, "credentials"), (404, "has nothing there"),
        (407, "into PROXY of the marketplace, or http_proxy"), (410, "has nothing there"), (501, "the server's log"),
        (304, "leads to"),
    ])
    func aFinalStatusIsAnError(status: Int, remedy: String) throws {
        let rig = try Rig(size: 10)
        let error = try #require(throws: DriverError.self) { try rig.get("/~status=\(status)/image?token=secret") }
        #expect(error.cause.hasPrefix("HTTP \(status) "))
        #expect(error.remedy.contains(remedy))
        #expect(error.operation == "fetch")
        #expect(error.object == rig.server.url("/~status=\(status)/image?…"))
        #expect(try rig.server.requests().count == 1)
    }

    @Test(arguments: [408, 429, 500, 502, 503, 504])
    func aPassingStatusIsTriedAgain(status: Int) throws {
        let rig = try Rig(size: 10)
        #expect(try rig.get("/~status=\(status),4/image").body == rig.content)
        #expect(rig.recorder.lines.count == 4)
        #expect(rig.recorder.lines[0].contains("HTTP \(status)"))
        let error = try #require(throws: DriverError.self) { try rig.get("/~status=\(status)/image") }
        #expect(error.cause.hasPrefix("HTTP \(status) "))
        #expect(try rig.server.requests().count == 5 + 5)
    }

    @Test func theServersDelayIsKept() throws {
        let rig = try Rig(size: 10)
        let start = Clock.now
        #expect(try rig.get("/~status=503,1/~retry-after=1/image").body == rig.content)
        #expect(Clock.now - start >= 1)
        #expect(rig.recorder.lines.first?.contains("trying again in 1.0 s") == true)
    }

    @Test func anErrorAnswerCanBeRead() throws {
        let rig = try Rig(size: 10)
        let client = HTTPClient(options: quick())
        let response = try client.answer(from: web(rig.server.url("/~status=404/image")))
        #expect(response.status == 404)
        #expect(!response.isSuccess)
        #expect(String(decoding: response.body, as: UTF8.self) == "status 404")
    }

    @Test func brokenConnectionsAreMadeAgain() throws {
        let rig = try Rig(size: 10_000)
        #expect(try rig.get("/~cut=5000,4/image").body == rig.content)
        #expect(try rig.get("/~cut=0,2/~reset/image").body == rig.content)
        let error = try #require(throws: DriverError.self) { try rig.get("/~cut=5000/image") }
        #expect(error.cause.hasPrefix("tried 5 times: "))
        #expect(error.cause.contains("5000"))
    }

    @Test func aRefusedConnectionIsTriedAgain() throws {
        let recorder = LogRecorder()
        let client = HTTPClient(options: quick { $0.attempts = 3 }, log: recorder.log)
        let url = "http://user:secret@127.0.0.1:\(LocalPort.closed.number)/image?key=secret"
        let error = try #require(throws: DriverError.self) { try client.get(web(url)) }
        #expect(error.cause.contains("Failed to connect to 127.0.0.1"))
        #expect(error.remedy.contains("firewall"))
        #expect((error.underlying as? TransferFailure)?.isTransient == true)
        #expect(recorder.lines.count == 2)
        #expect(!(recorder.lines + [error.description]).contains { $0.contains("secret") })
    }

    /// libcurl takes no options any more on a handle whose name could not be resolved.
    @Test func aNameThatWasNotFoundIsLookedForAgain() throws {
        let url = "http://nowhere.invalid/x"
        let options = quick { $0.attempts = 3 }
        let expected = "tried 3 times: Could not resolve host: nowhere.invalid"
        #expect(
            try #require(throws: DriverError.self) { try HTTPClient(options: options).get(web(url)) }.cause
                == expected)
        let download = HTTPDownload(url: web(url), options: options, log: LogRecorder().log)
        #expect(try #require(throws: DriverError.self) { try download.open() }.cause == expected)
        let client = HTTPClient(options: options)
        for _ in 0..<3 {
            guard case .failure(let failure, _) = try client.attempt(.get, web(url)) else {
                Issue.record("an answer came from nowhere")
                return
            }
            #expect(failure.isTransient && failure.text == "Could not resolve host: nowhere.invalid")
        }
    }

    @Test func anUnknownNameIsToldAsOne() throws {
        let client = HTTPClient(options: quick { $0.attempts = 1 })
        let error = try #require(throws: DriverError.self) { try client.get(web("http://nowhere.invalid/x")) }
        #expect(error.cause == "Could not resolve host: nowhere.invalid")
        #expect(error.remedy.contains("DNS"))
    }

    @Test func aStallEnds() throws {
        let rig = try Rig(size: 10_000)
        let options = quick {
            $0.stallTimeout = 1
            $0.attempts = 1
        }
        let start = Clock.now
        let error = try #require(throws: DriverError.self) { try rig.get("/~stall=10/image", options) }
        #expect(error.cause.contains("Operation too slow"))
        #expect(Clock.now - start < 60)
    }

    @Test func aBodyHasALimit() throws {
        let rig = try Rig(size: 1000)
        #expect(try rig.get("/image", limit: 1000).body.count == 1000)
        let error = try #require(throws: DriverError.self) { try rig.get("/image", limit: 999) }
        #expect(error.cause == "the answer is longer than 999 bytes")
        #expect(throws: DriverError.self) { try rig.get("/~endless/image", limit: 1 << 20) }
    }

    /// Packed, a catalog is short; unpacked, it is over the limit.
    @Test func theLimitCountsUnpackedBytes() throws {
        let rig = try Rig(size: 10)
        try rig.directory.write("zeros", [UInt8](repeating: 0, count: 1 << 20))
        let options = quick { $0.acceptGzip = true }
        let response = try rig.get("/~gzip/zeros", options, limit: 1 << 20)
        #expect(response.headers["Content-Encoding"] == "gzip")
        #expect(response.body == [UInt8](repeating: 0, count: 1 << 20))
        #expect(throws: DriverError.self) { try rig.get("/~gzip/zeros", options, limit: 100_000) }
        #expect(try rig.get("/~gzip/image").headers["Content-Encoding"] == nil)
    }

    @Test(arguments: [(HTTPMethod.put, Optional(100_000)), (.post, 5), (.post, 0), (.delete, nil)])
    func bodiesAreSent(method: HTTPMethod, size: Int?) throws {
        let rig = try Rig(size: 10)
        let body = size.map { [UInt8](repeating: UInt8(ascii: "x"), count: $0) }
        let response = try HTTPClient(options: quick()).once(
            method, rig.server.url("/~echo/image"), headers: ["X-One": "1", "X-Two": "2", "X-Empty": ""], body: body)
        let echo = String(decoding: response.body, as: UTF8.self)
        #expect(echo.hasPrefix("\(method.rawValue) /~echo/image HTTP/1.1\n"))
        #expect(echo.hasSuffix("\n\n" + String(repeating: "x", count: size ?? 0)))
        for line in ["X-One: 1\n", "X-Two: 2\n", "X-Empty:"] { #expect(echo.contains(line)) }
        #expect(!echo.contains("Expect"))
        #expect(!echo.contains("Content-Type"))
        #expect(echo.contains("Content-Length: \(size ?? -1)") == (size != nil))
    }

    @Test func aRedirectOfAnUploadIsAnError() throws {
        let rig = try Rig(size: 10)
        let url = rig.server.url("/~redirect=307,1/image")
        let response = try HTTPClient(options: quick()).once(.put, url, body: [1])
        let error = response.error(.put, web(url))
        #expect(error.cause.hasPrefix("HTTP 307 Temporary Redirect (to /~redirect=307,0/image)"))
    }

    @Test func aHeaderWithALineBreakIsRefused() throws {
        let rig = try Rig(size: 10)
        let error = try #require(throws: DriverError.self) {
            try HTTPClient(options: quick()).once(
                .get, rig.server.url("/image"), headers: ["X-One": "1\r\nX-Two: 2"])
        }
        #expect(error.cause.contains("control character"))
        #expect(try rig.server.requests().isEmpty)
    }

    @Test func threadsShareAClient() throws {
        let rig = try Rig(size: 50_000)
        let client = HTTPClient(options: quick())
        let bodies = Locked<[[UInt8]]>([])
        let url = web(rig.server.url("/image"))
        let threads = (0..<8).map { _ in
            Thread {
                let body = (try? client.get(url).body) ?? []
                bodies.update { $0.append(body) }
            }
        }
        for thread in threads { thread.join() }
        #expect(bodies.update { $0 } == [[UInt8]](repeating: rig.content, count: 8))
    }
}
