import DriverProtocol
import Foundation
import TestSupport
import Testing

/// The templates of marketplaces that the manual shows: oned must accept them unchanged.
@Suite struct DocumentedMarketplaceTests {
    /// REQUIRED_ATTRS of each MARKET_MAD_CONF in oned.conf.
    private static let required: [String: [String]] = [
        "http": ["BASE_URL", "PUBLIC_DIR"], "s3": ["ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "REGION", "BUCKET"], "one": [],
        "linuxcontainers": [],
    ]

    /// The pages, and the template in each block of code in them that names a MARKET_MAD.
    private static let examples: [(page: String, text: String)] = {
        let manual = Fixture.packageRoot.appending(path: "docs")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: manual.path)) ?? []
        let pages = names.filter { $0.hasSuffix(".md") }.sorted().map { manual.appending(path: $0) }
        return (pages + [Fixture.packageRoot.appending(path: "README.md")]).flatMap { page in
            let text = (try? String(contentsOf: page, encoding: .utf8)) ?? ""
            let blocks = text.components(separatedBy: "```").enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
            return blocks.filter { $0.contains(/(?m)^\s*MARKET_MAD\s*=\s*"/) }
                .map { (page.lastPathComponent, Self.template(in: $0)) }
        }
    }()

    /// Returns a block's lines but the first, which names its language, or those of the shell's here-document in it.
    private static func template(in block: String) -> String {
        let lines = block.split(separator: "\n", omittingEmptySubsequences: false).dropFirst()
        guard let start = lines.firstIndex(where: { $0.hasSuffix("<<'EOF'") }) else {
            return lines.joined(separator: "\n")
        }
        return lines[(start + 1)...].prefix { $0 != "EOF" }.joined(separator: "\n")
    }

    @Test func thereIsOneForEachDriver() throws {
        let drivers = try Set(Self.examples.compactMap { try Template(parsing: $0.text)["MARKET_MAD"] })
        #expect(drivers == Set(Self.required.keys))
        #expect(Self.examples.count >= 5)
    }

    @Test(arguments: examples.indices) func onedTakesIt(_ number: Int) throws {
        let (page, text) = Self.examples[number]
        let template = try Template(parsing: text)
        #expect(template["NAME"]?.isEmpty == false, "\(page)")
        let driver = try #require(template["MARKET_MAD"], "\(page)")
        for name in try #require(Self.required[driver], "\(page): \(driver)") {
            #expect(template[name]?.isEmpty == false, "\(page): \(name) is missing in\n\(text)")
        }
    }
}
