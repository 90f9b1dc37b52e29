import DriverProtocol
import TestSupport
import Testing

@testable import Catalog

@Suite struct SimpleStreamsTests {
    @Test(arguments: [
        ("20260101", 1_767_225_600), ("20260101_05:24", 1_767_245_040), ("20260101_0524", 1_767_245_040),
        ("202601010524", 1_767_245_040), ("20260101T052459Z", 1_767_245_040), ("20260101-05.24", 1_767_245_040),
        ("2026-01-01", 1_767_225_600), ("2026-01-01T05:24:59Z", 1_767_245_040), ("2026-01-01_0524", 1_767_245_040),
        // No time of day.
        ("20260101.1", 1_767_225_600), ("20260101_99:99", 1_767_225_600), ("20260101_2400", 1_767_225_600),
        ("20260101-daily", 1_767_225_600), ("20260101\u{e9}", 1_767_225_600),
        ("202601019999999999999999999999", 1_767_225_600),
    ]) func dateOfAVersion(_ name: String, _ built: Int) {
        #expect(StreamVersion(name)?.built == built)
    }

    @Test(arguments: [
        "", "latest", "2026010", "20261301_00:00", "20260100", "20260132", "00000101", "2026-0101", "202601-01",
        "2026-1-1", "2026-01-", "2026-13-01",
    ])
    func versionsWithoutADate(_ name: String) {
        #expect(StreamVersion(name) == nil)
    }

    @Test func tellsVersionsOfADayApart() throws {
        let names = [
            "20251231_23:59", "20260101", "20260101.1", "20260101.2", "20260101.10", "20260101_00:01", "20260101_0524",
            "20260101_052430", "20260102",
        ]
        let versions = try names.map { try #require(StreamVersion($0)) }
        var random = SeededGenerator.fresh()
        #expect(versions.shuffled(using: &random).sorted() == versions, "\(random.seed)")
        #expect(!zip(versions, versions.dropFirst()).contains { !($0 < $1) })
    }

    private func paths(_ index: String) throws -> [String] {
        var document = CatalogDocument(url: WebURL("http://h/streams/v1/index.json")!, bytes: Array(index.utf8))
        return try SimpleStreams.paths(in: &document)
    }

    @Test(arguments: [
        (#"{"index":{"images":{"datatype":"image-downloads","path":"a.json","products":["x"]}}}"#, ["a.json"]),
        (#"{"index":{"a":{"path":"a.json"},"b":{"path":"b.json"},"c":{"path":"a.json"}}}"#, ["a.json", "b.json"]),
        (
            #"{"format":"index:1.0","index":{"aws":{"datatype":"image-ids","path":"x.json"},"b":{"path":"b.json"}}}"#,
            ["b.json"]
        ),
        (#"{"index":{"none":{"path":"a.json","products":[]},"null":null,"list":[1],"b":{"path":1}}}"#, []),
        (#"{"index":{}}"#, []), (#"{"index":[]}"#, []), ("{}", []),
    ]) func listsThatAnIndexNames(_ index: String, _ expected: [String]) throws {
        #expect(try paths(index) == expected)
    }

    @Test(arguments: ["../a.json", "/etc/passwd", "http://evil/x.json", "a b.json", ""])
    func anIndexLeadsNowhereElse(_ path: String) {
        #expect(throws: AppReport.Unusable.self) { try paths(#"{"index":{"x":{"path":"\#(path)"}}}"#) }
    }

    @Test(arguments: [
        ("{}", true), (" \n{", true), ("\u{FEFF}{}", true), ("", false), ("<html>", false), ("[]", false),
    ]) func tellsAnObjectFromAPage(_ text: String, _ isObject: Bool) {
        #expect(CatalogDocument(url: WebURL("http://h")!, bytes: Array(text.utf8)).isObject == isObject)
    }
}
