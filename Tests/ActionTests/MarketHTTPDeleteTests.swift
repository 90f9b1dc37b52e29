import Foundation
import Glibc
import Posix
import TestSupport
import Testing

@Suite struct MarketHTTPDeleteTests {
    private let market: LocalMarket

    init() throws {
        market = try LocalMarket()
        _ = try market.directory.makeDirectory("public/sub")
        for name in ["public/app", "public/other", "public/a*", "public/sub/app", "outside", "public/$(touch x)"] {
            try market.directory.write(name, [1])
        }
        symlink("../outside", market.publicDirectory + "/link")
        symlink("app", market.publicDirectory + "/inner")
        try TestFiles.makePipe(market.publicDirectory + "/pipe")
    }

    private func delete(_ source: String) throws -> Outcome {
        try market.act("market-http-delete", market.deleteMessage(source))
    }

    @Test(arguments: ["app", "a*", "$(touch x)"])
    func removesThatFileAlone(_ name: String) throws {
        let before = try market.published()
        let outcome = try delete(LocalMarket.baseURL + "/" + name)
        #expect(outcome.status == .exited(0) && outcome.output == "" && outcome.errors == "")
        #expect(try market.published() == before.filter { $0 != name })
    }

    /// BASE_URL with and without its slash, now and when the app was imported.
    @Test(arguments: ["", "/", "//"], ["/app", "//app"])
    func joinsBaseURLWithOneSlash(_ ending: String, _ rest: String) throws {
        let message = try market.deleteMessage(LocalMarket.baseURL + rest).with(
            "MARKETPLACE/TEMPLATE/BASE_URL", LocalMarket.baseURL + ending)
        let outcome = try market.act("market-http-delete", message)
        #expect(outcome.status == .exited(0))
        #expect(try !market.published().contains("app"))
    }

    @Test(arguments: ["gone", "*", "?pp", "[a]pp", "{app,other}", "%61pp", "app ", "APP"])
    func takesAFileThatIsGoneForDeleted(_ name: String) throws {
        let before = try market.published()
        let outcome = try delete(LocalMarket.baseURL + "/" + name)
        #expect(outcome.status == .exited(0) && outcome.output == "" && outcome.reasons.isEmpty)
        #expect(outcome.errors.contains("WARN: ") && outcome.errors.contains("'\(name)' is already gone from"))
        #expect(try market.published() == before)
    }

    @Test(arguments: [
        ("http://elsewhere.example/app", "does not begin with BASE_URL", "restore BASE_URL"),
        (LocalMarket.baseURL + "app", "does not begin with BASE_URL", "restore BASE_URL"),
        (LocalMarket.baseURL, "does not begin with BASE_URL", "restore BASE_URL"),
        ("s3://bucket/app", "does not begin with BASE_URL", "restore BASE_URL"),
        (LocalMarket.baseURL + "/", "names no file directly in PUBLIC_DIR", "correct the app's SOURCE"),
        (LocalMarket.baseURL + "/../outside", "names no file directly", "correct the app's SOURCE"),
        (LocalMarket.baseURL + "/..", "names no file directly", "correct the app's SOURCE"),
        (LocalMarket.baseURL + "/.", "names no file directly", "correct the app's SOURCE"),
        (LocalMarket.baseURL + "/sub/app", "names no file directly", "correct the app's SOURCE"),
        // A letter that joins the slash before it is not part of the slash.
        (LocalMarket.baseURL + "/sub/\u{338}app", "names no file directly", "correct the app's SOURCE"),
        (LocalMarket.baseURL + "/sub/../app", "names no file directly", "correct the app's SOURCE"),
        (LocalMarket.baseURL + "/.hidden", "names no file directly", "correct the app's SOURCE"),
        (LocalMarket.baseURL + "/link", "it is a symbolic link", "remove it by hand"),
        (LocalMarket.baseURL + "/inner", "it is a symbolic link", "remove it by hand"),
        (LocalMarket.baseURL + "/sub", "it is a directory", "remove it by hand"),
        (LocalMarket.baseURL + "/pipe", "it is a named pipe", "remove it by hand"),
        (LocalMarket.baseURL + "/" + String(repeating: "n", count: 300), "File name too long", "check it"),
    ])
    func refusesWhatIsNoImageOfThisMarket(_ source: String, _ cause: String, _ remedy: String) throws {
        try market.directory.write("public/sub/\u{338}app", [1])
        expectRefusal(try delete(source), [cause, remedy])
        #expect(
            try market.published() == ["$(touch x)", "a*", "app", "inner", "link", "other", "pipe", "sub"])
        #expect(try market.directory.names(in: "public/sub") == ["app", "\u{338}app"])
        #expect(try market.directory.names().contains("outside"))
    }

    /// A directory that is not mounted has lost nothing.
    @Test func aMissingDirectoryIsNoSuccess() throws {
        try FileManager.default.removeItem(atPath: market.publicDirectory)
        expectRefusal(try delete(LocalMarket.baseURL + "/app"), ["No such file or directory", "check that it exists"])
    }

    @Test func removesWhatImportHasMade() throws {
        let image = try market.directory.write("image", TestFiles.noise(10_000))
        let source = try #require(try reply(of: market.import(image))["SOURCE"])
        let before = try market.published().count
        #expect(try delete(source).status == .exited(0))
        #expect(try market.published().count == before - 1)
    }
}
