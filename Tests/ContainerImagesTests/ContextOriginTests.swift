import DriverProtocol
import TestSupport
import Testing

@testable import ContainerImages

/// Where OpenNebula's packages come from, according to CONTEXT_URL and CONTEXT_VERSION.
@Suite struct ContextOriginTests {
    private func attributes(
        _ values: [String: String], settings: [String: String] = [:]
    ) throws -> ContextAttributes {
        let message = values.reduce(try DriverMessage("market-one-monitor")) {
            $0.with("MARKETPLACE/TEMPLATE/" + $1.key, $1.value)
        }
        var conf = Settings()
        conf.context = settings
        return ContextAttributes(
            Request(
                message: try Message(text: message.base64), id: 0, log: Log(action: "test", id: "0") { _ in },
                installation: Installation(location: "/nonexistent"), settings: conf))
    }

    private static let api = "https://api.github.com/repos/OpenNebula/one-apps/releases"
    private static let page = "https://github.com/OpenNebula/one-apps"

    @Test(arguments: [
        (nil, nil, ["\(api)/latest"]), (nil, "7.2.1", ["\(api)/tags/v7.2.1"]),
        (nil, "v7.2.1-0", ["\(api)/tags/v7.2.1-0", "\(api)/tags/v7.2.1"]),
        (page, nil, ["\(api)/latest"]), ("\(page)/releases/", nil, ["\(api)/latest"]),
        ("\(page)/releases/latest", nil, ["\(api)/latest"]),
        ("\(page)/releases/tag/v6.10.0-3", nil, ["\(api)/tags/v6.10.0-3", "\(api)/tags/v6.10.0"]),
        ("\(page)/releases/download/v7.2.1", nil, ["\(api)/tags/v7.2.1"]),
        ("\(page)/releases/tag/v6.10.0", "7.2.1", ["\(api)/tags/v7.2.1"]), ("\(api)/latest", nil, ["\(api)/latest"]),
        ("\(api)/tags/v7.2.1", nil, ["\(api)/tags/v7.2.1"]),
        (
            "http://git.example:3000/api/v1/repos/o/apps/releases", nil,
            ["http://git.example:3000/api/v1/repos/o/apps/releases/latest"]
        ),
    ]) func aReleaseHasAPage(_ url: String?, _ version: String?, _ pages: [String]) throws {
        let origin = try ContextOrigin(
            attributes(["CONTEXT_URL": url, "CONTEXT_VERSION": version].compactMapValues { $0 }))
        #expect(origin == .release(pages.compactMap { WebURL($0) }))
    }

    @Test(arguments: [
        ("http://mirror.example/one/", "7.2.1-0", "http://mirror.example/one", "7.2.1-0"),
        ("http://mirror.example/one", "v7.2.1-0", "http://mirror.example/one", "7.2.1-0"),
        ("http://mirror.example/v7.2.1-0/", nil, "http://mirror.example/v7.2.1-0", "7.2.1-0"),
        ("https://mirror.example", "6.10.0-3", "https://mirror.example", "6.10.0-3"),
    ]) func aMirrorHasAVersion(_ url: String, _ version: String?, _ place: String, _ expected: String) throws {
        let origin = try ContextOrigin(
            attributes(["CONTEXT_URL": url, "CONTEXT_VERSION": version].compactMapValues { $0 }))
        #expect(try origin == .directory(#require(WebURL(place)), version: expected))
    }

    @Test(arguments: [
        ("http://mirror.example/one", nil, "does not tell which version"),
        ("http://mirror.example/one", "7.2.1", "a release behind the version"),
        ("http://mirror.example/one", "latest", "a release behind the version"),
        ("http://mirror.example/one", "7 2", "'7 2' is no version"),
        ("http://mirror.example/one", "../x", "'../x' is no version"),
        ("/var/lib/one/context", nil, "is no URL of a release or a directory"), ("ftp://h/x", nil, "is no URL"),
        ("http://user:hidden@h/x", "7.2.1-0", "'http://h/x' is no URL"), ("http://h/x?y=hidden", nil, "is no URL"),
        ("http://h/a b", nil, "is no URL"),
    ]) func whatIsNeitherIsAnErrorThatNamesTheAttribute(_ url: String, _ version: String?, _ part: String) throws {
        let error = try #require(throws: DriverError.self) {
            try ContextOrigin(attributes(["CONTEXT_URL": url, "CONTEXT_VERSION": version].compactMapValues { $0 }))
        }
        #expect(error.description.contains(part), "\(error)")
        #expect(error.description.contains("MARKETPLACE/TEMPLATE/CONTEXT_") && !error.description.contains("hidden"))
        #expect(faultOfLine(error.description) == nil)
    }

    @Test func theSettingsHoldWhereTheMarketplaceSaysNothing() throws {
        let settings = ["CONTEXT_PACKAGES": "/a.deb", "CONTEXT_VERSION": "1", "CONTEXT": "no", "CONTEXT_SHA256": " "]
        let plain = try attributes([:], settings: settings)
        #expect(plain.words("CONTEXT_PACKAGES") == ["/a.deb"] && plain.value("CONTEXT_SHA256") == nil)
        #expect(try plain.flag("CONTEXT", default: true) == false)
        // A marketplace with an origin of its own takes none of the other's.
        let own = try attributes(["CONTEXT_URL": "http://h/1-0", "CONTEXT": "yes"], settings: settings)
        #expect(own.value("CONTEXT_PACKAGES") == nil && own.value("CONTEXT_VERSION") == nil)
        #expect(try own.flag("CONTEXT", default: false))
        let error = try #require(throws: DriverError.self) {
            try ContextOrigin(attributes([:], settings: ["CONTEXT_URL": "x"]))
        }
        #expect(error.object == "CONTEXT_URL of market-drivers.conf")
    }
}
