import DriverProtocol
import TestSupport
import Testing

@testable import HTTP

/// A redirector that leads to another mirror after a break: each has its own validators, and not always the file.
struct MirrorTests {
    private let directory: TemporaryDirectory
    private let server: FaultServer
    private let content = TestFiles.noise(200_000)
    private let recorder = LogRecorder()

    init() throws {
        directory = try TemporaryDirectory()
        for (name, bytes) in [("a", content), ("b", content), ("short", Array(content.dropLast()))] {
            try directory.write(name, bytes)
        }
        server = try FaultServer(root: directory.path)
    }

    /// A download by way of a redirector that leads to these places, one after the other, to the last one for ever.
    private func download(_ places: [String], isVerified: Bool) -> HTTPDownload {
        let targets = places.map { hexadecimal(server.url($0)) }.joined(separator: ",")
        let download = HTTPDownload(url: web(server.url("/~mirrors=\(targets)")), options: quick(), log: recorder.log)
        download.isVerified = isVerified
        return download
    }

    /// A download that breaks once.
    private static let breaking = "/~cut=70000,1/~tag=one/a"

    @Test(arguments: [
        ["/~tag=two/b"], ["/~no-etag/b"], ["/~no-range/~tag=two/b"], ["/~no-range/~no-etag/~no-date/b"],
        ["/~cut=50000,1/~tag=two/b", "/~tag=three/a"],
        // Mirrors that have not the file, or another one.
        ["/none", "/~tag=two/b"], ["/short", "/~tag=two/b"], ["/~shift=1/b", "/b"], ["/~status=403/b", "/short", "/b"],
    ]) func goesOnWhereTheBytesAreVerified(_ mirrors: [String]) throws {
        let download = download([Self.breaking] + mirrors, isVerified: true)
        #expect(try download.readAll() == content)
        let last = try #require(mirrors.last)
        #expect(download.effectiveURL?.text == server.url(last))
        #expect(recorder.lines.contains { $0.contains("goes on after") && $0.contains("its checksum tells") })
    }

    @Test(arguments: [
        ("/short", "tried 5 times: the file has changed on the server after 70000 bytes: its length was 200000"),
        ("/~shift=1/b", "tried 5 times: the server cannot go on after 70000 bytes"),
        ("/none", "tried 5 times: HTTP 404"),
    ]) func givesUpInTheEnd(_ mirror: String, _ cause: String) throws {
        let download = download([Self.breaking, mirror], isVerified: true)
        let error = try #require(throws: DriverError.self) { try download.readAll() }
        #expect(error.cause.contains(cause), "\(error)")
        #expect(download.received == 70_000)
    }

    /// A mirror that has not got a new file yet, before one that has.
    @Test(arguments: [true, false]) func passesOverMirrorsWithoutTheFile(isVerified: Bool) throws {
        let found = download(["/none", "/none", "/a"], isVerified: isVerified)
        #expect(try found.readAll() == content)
        let missing = download(["/none", "/none", "/none", "/a"], isVerified: isVerified)
        let error = try #require(throws: DriverError.self) { try missing.readAll() }
        #expect(error.cause.contains("HTTP 404"), "\(error)")
        #expect(try server.requests().count == 12)
    }

    /// Nobody would notice a different file.
    @Test func givesUpAtOnceWhereNothingIsVerified() throws {
        let download = download([Self.breaking, "/~tag=two/b"], isVerified: false)
        let error = try #require(throws: DriverError.self) { try download.readAll() }
        #expect(error.cause.contains("the file has changed on the server after 70000 bytes: its ETag was"))
    }
}
