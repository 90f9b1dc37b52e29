import DriverProtocol
import Posix
import TestSupport
import Testing

@testable import HTTP

struct DownloadTests {
    @Test(arguments: [0, 1, 100, 5_000_000])
    func aFileComesFromNginx(size: Int) throws {
        let directory = try TemporaryDirectory()
        let content = TestFiles.noise(size)
        try directory.write("image", content)
        let nginx = try Nginx(root: directory.path)
        let download = HTTPDownload(url: web(nginx.url("/image")), options: quick(), log: LogRecorder().log)
        #expect(try download.open() == UInt64(size))
        #expect(try download.readAll() == content)
        #expect(download.received == UInt64(size))
        #expect(download.effectiveURL?.text == nginx.url("/image"))
        // The end stays the end.
        #expect(try download.readAll() == [])
    }

    /// What is added to the length of 200,000 bytes.
    @Test(arguments: ["18446744073709351615", "9223372036854575807", "1152921504606846977", "99999999999999999999999"])
    func aLengthThatNoFileHasIsToldAsThat(more: String) throws {
        let rig = try Rig()
        let error = try #require(throws: DriverError.self) { try rig.download("/~lie=\(more)").open() }
        #expect(error.cause.hasPrefix("the server announces ") && error.cause.hasSuffix(" bytes, which no file has"))
        #expect(error.remedy.contains("Content-Length"))
        #expect(try rig.server.requests().count == 1)
    }

    /// Stock fault C1: what was read before the connection broke must not come again.
    @Test(arguments: ["", "/~reset", "/~chunked", "/~no-etag", "/~no-date", "/~no-etag/~no-date", "/~weak"])
    func fiftyBrokenConnectionsLoseNothing(how: String) throws {
        let rig = try Rig(size: 1_000_000)
        let download = rig.download("/~cut=1-30000,50\(how)")
        #expect(try download.readAll() == rig.content)
        let requests = try rig.server.requests()
        #expect(requests.count == 51)
        #expect(requests.dropFirst().allSatisfy { $0.headers["range"]?.hasPrefix("bytes=") == true })
        #expect(requests.dropFirst().allSatisfy { ($0.headers["if-range"] == nil) == (how == "/~no-etag/~no-date") })
        #expect(requests.allSatisfy { $0.headers["accept-encoding"] == nil })
        #expect(rig.recorder.lines.count == 50)
    }

    @Test func aServerWithoutRangesIsReadAgainAndSkipped() throws {
        let rig = try Rig()
        #expect(try rig.download("/~no-range/~cut=70000,3").readAll() == rig.content)
        #expect(try rig.server.requests().count == 4)
    }

    @Test func aBreakWhileSkippingIsAFailure() throws {
        let rig = try Rig()
        let download = rig.download("/~no-range/~cut=70000")
        let error = try #require(throws: DriverError.self) { try download.readAll() }
        #expect(download.received == 70_000)
        #expect(error.cause.hasPrefix("tried 5 times: after 70000 of 200000 bytes: "))
        #expect(try rig.server.requests().count == 5)
    }

    @Test(arguments: [
        ("/~no-range/~no-etag/~no-date", "the server cannot go on from there"),
        ("/~changing", "the file has changed on the server after 70000 bytes: its ETag was"),
        ("/~changing/~no-etag", "the file has changed on the server after 70000 bytes: its date was"),
        ("/~changing/~careless", "the file has changed on the server after 70000 bytes: its ETag was"),
        ("/~shift=1", "bytes from 70000 on were asked for, and Content-Range is bytes 70001-199999/200000"),
    ])
    func whatCannotGoOnIsAnError(how: String, cause: String) throws {
        let rig = try Rig()
        let download = rig.download("/~cut=70000,1\(how)")
        let error = try #require(throws: DriverError.self) { try download.readAll() }
        #expect(error.cause.contains(cause))
        #expect(error.operation == "download")
        #expect(download.received == 70_000)
        #expect(try rig.server.requests().count == 2)
        #expect(throws: DriverError.self) { try download.readAll() }
    }

    /// The server announces ten bytes more than it has, so that there are none when they are asked for.
    @Test func aBodyShorterThanAnnouncedIsNoEnd() throws {
        let rig = try Rig(size: 1000)
        let download = rig.download("/~lie=10")
        let error = try #require(throws: DriverError.self) { try download.readAll() }
        #expect(download.received == 1000)
        #expect(error.cause.contains("the server no longer has bytes after the first 1000"))
    }

    @Test func withoutALengthTheLogSaysSo() throws {
        let rig = try Rig(size: 1000)
        let download = rig.download("/~unframed")
        #expect(try download.open() == nil)
        #expect(try download.readAll() == rig.content)
        #expect(rig.recorder.lines.contains { $0.hasPrefix("WARN: ") && $0.contains("without its length") })
    }

    @Test func chunksMarkTheEnd() throws {
        let rig = try Rig()
        let download = rig.download("/~chunked")
        #expect(try download.open() == nil)
        #expect(try download.readAll() == rig.content)
        #expect(rig.recorder.lines.isEmpty)
    }

    @Test func bytesStayAsTheyAreStored() throws {
        let rig = try Rig()
        #expect(try rig.download("/~gzip").readAll() == rig.content)
    }

    @Test(arguments: [404, 403, 204])
    func aFinalStatusIsAnError(status: Int) throws {
        let rig = try Rig(size: 10)
        let download = rig.download("/~status=\(status)")
        let error = try #require(throws: DriverError.self) { try download.open() }
        #expect(error.cause.hasPrefix("HTTP \(status) "))
        #expect(status == 204 || String(decoding: download.errorBody, as: UTF8.self) == "status \(status)")
        #expect(try rig.server.requests().count == 1)
    }

    @Test func aPassingStatusIsTriedAgain() throws {
        let rig = try Rig()
        let download = rig.download("/~status=503,4/~redirect=302,2")
        #expect(try download.readAll() == rig.content)
        #expect(download.errorBody == [])
        let error = try #require(throws: DriverError.self) { try rig.download("/~status=500").open() }
        #expect(error.cause == "tried 5 times: HTTP 500 Internal Server Error")
    }

    @Test func aRedirectLeavesHTTPNowhere() throws {
        let rig = try Rig(size: 10)
        let error = try #require(throws: DriverError.self) {
            try rig.download("/~to=301,\(hexadecimal("file:///etc/passwd"))").open()
        }
        #expect(error.cause.contains("not supported or disabled"))
    }

    @Test func aStallGoesOn() throws {
        let rig = try Rig()
        #expect(try rig.download("/~stall=70000,1", quick { $0.stallTimeout = 1 }).readAll() == rig.content)
        #expect(rig.recorder.lines.count == 1)
        #expect(rig.recorder.lines.first?.contains("Operation too slow") == true)
    }

    @Test func aStallThatDoesNotEndIsAnError() throws {
        let rig = try Rig()
        let download = rig.download("/~stall=0", quick { ($0.stallTimeout, $0.attempts) = (1, 2) })
        let error = try #require(throws: DriverError.self) { _ = try download.readAll() }
        #expect(error.cause.hasPrefix("tried 2 times: ") && error.cause.contains("Operation too slow"), "\(error)")
        #expect(try rig.server.requests().count == 2)
    }

    /// Longer than the stall timeout, and never without a byte for so long.
    @Test func aTrickleIsNoStall() throws {
        let rig = try Rig()
        #expect(
            try rig.download("/~slow=60000", quick { ($0.stallTimeout, $0.attempts) = (1, 1) }).readAll() == rig.content
        )
        #expect(rig.recorder.lines.isEmpty)
    }

    @Test func theBandwidthIsLimited() throws {
        let rig = try Rig(size: 300_000)
        let start = Clock.now
        #expect(try rig.download("", quick { $0.bandwidthLimit = 150_000 }).readAll() == rig.content)
        #expect(Clock.now - start > 1.5)
    }
}
