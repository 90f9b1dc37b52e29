import Glibc
import Posix
import TestSupport
import Testing

@Suite struct PathsTests {
    @Test(arguments: [
        ("/a/b", "/a/b", true), ("/a/b/c", "/a/b", true), ("/a/b/c", "/a/b/", true), ("/a/bc", "/a/b", false),
        ("/a", "/a/b", false), ("/a/b", "/", true), ("/", "/", true), ("/ab", "/a", false),
        // Two paths for the kernel, though Swift calls the strings equal
        ("/e\u{301}/x", "/\u{E9}", false), ("/e\u{301}", "/\u{E9}", false),
        // A combining mark after the slash is still a name inside
        ("/a/\u{301}x", "/a", true),
    ])
    func knowsWhatIsInside(_ path: String, _ directory: String, _ expected: Bool) {
        #expect(isInside(path, directory) == expected)
    }

    @Test(arguments: [("/a", "b", "/a/b"), ("/a/", "b", "/a/b"), ("/", "b", "/b")])
    func joins(_ directory: String, _ name: String, _ path: String) {
        #expect(joined(directory, name) == path)
    }

    @Test func resolvesLinks() throws {
        let directory = try TemporaryDirectory()
        let inside = try directory.makeDirectory("inside")
        #expect(symlink("/", directory.path("inside/link")) == 0)
        #expect(try resolvedPath(inside + "/link/etc") == "/etc")
        #expect(try !isInside(resolvedPath(inside + "/link/etc"), resolvedPath(inside)))
        let error = try #require(throws: SystemError.self) { _ = try resolvedPath(inside + "/none") }
        #expect(error.code == ENOENT)
    }

    @Test func listsADirectory() throws {
        let directory = try TemporaryDirectory()
        for name in [".hidden", "a b", "é"] { try directory.write(name, []) }
        #expect(try directoryEntries(directory.path).sorted() == [".hidden", "a b", "é"].sorted())
        #expect(throws: SystemError.self) { _ = try directoryEntries(directory.path("none")) }
    }

    @Test func readsTheEnvironment() {
        #expect(CurrentProcess.environmentVariable("PATH")?.isEmpty == false)
        #expect(CurrentProcess.environmentVariable("MARKET_DRIVERS_NO_SUCH_VARIABLE") == nil)
    }

    @Test func namesAreRandom() {
        let names = Set((0..<100).map { _ in randomName() })
        #expect(names.count == 100)
        #expect(names.allSatisfy { $0.utf8.count == 16 && $0.allSatisfy(\.isHexDigit) })
    }
}
