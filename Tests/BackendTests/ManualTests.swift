import AppTransfer
import Catalog
import DatastoreCeph
import DatastoreFS
import DriverProtocol
import Foundation
import MarketHTTP
import MarketLinuxContainers
import MarketOne
import MarketS3
import TestSupport
import Testing

/// The tables of the manual are those that the actions read by, and that `--help` shows.
@Suite struct ManualTests {
    /// The attributes that a page has a table of.
    struct Page: CustomTestStringConvertible {
        let name: String
        let section: String
        let inputs: [Input]

        var testDescription: String { "\(name), \(section)" }

        /// The rows of the tables of that section.
        func rows() throws -> [String] {
            let page = Fixture.packageRoot.appending(path: "docs/" + name)
            let sections = try String(contentsOf: page, encoding: .utf8).components(separatedBy: "\n## ")
            let text = try #require(sections.first { $0.hasPrefix(section + "\n") }, "\(name) has no \(section)")
            let lines = text.split(separator: "\n").prefix { !$0.hasPrefix("### ") }
            return lines.filter { $0.hasPrefix("| `") }.map(String.init)
        }
    }

    private static func ofMarketplace(_ inputs: [Input]) -> [Input] { rows(below: "MARKETPLACE/TEMPLATE/", of: inputs) }

    private static func rows(below path: String, of inputs: [Input]) -> [Input] {
        var known: Set<Input> = []
        let own = inputs.filter { $0.path.hasPrefix(path) && known.insert($0).inserted }
        return own.filter(\.isRequired) + own.filter { !$0.isRequired }
    }

    static let pages = [
        Page(
            name: "http.md", section: "Attributes of the marketplace",
            inputs: ofMarketplace(MarketHTTP.Import.inputs + MarketHTTP.Export.inputs)),
        Page(
            name: "s3.md", section: "Attributes of the marketplace", inputs: ofMarketplace(MarketS3.Import.inputs)),
        Page(
            name: "one.md", section: "Attributes of the marketplace", inputs: ofMarketplace(MarketOne.Monitor.inputs)),
        Page(
            name: "linuxcontainers.md", section: "Attributes of the marketplace",
            inputs: ofMarketplace(MarketLinuxContainers.Monitor.inputs)),
        Page(
            name: "datastores.md", section: "Attributes of a datastore of files",
            inputs: rows(below: "DATASTORE/", of: DatastoreFS.Copy.inputs)),
        Page(
            name: "datastores.md", section: "Attributes of a Ceph datastore",
            inputs: rows(below: "DATASTORE/", of: DatastoreCeph.Copy.inputs)),
    ]

    @Test(arguments: pages) func theTableIsThatOfTheActions(_ page: Page) throws {
        let rows = page.inputs.map(\.row)
        #expect(try page.rows() == rows, "the table has to be\n\(rows.joined(separator: "\n"))")
    }

    /// All that an action reads is told by its `--help`, in lines that fit a terminal.
    @Test func eachInputIsToldInALine() {
        for input in Self.pages.flatMap(\.inputs) {
            #expect(input.meaning.count <= 120 && input.meaning.contains(/[.…:]$/), "\(input.path)")
            if let value = input.standard, input.meaning.contains("YES") || input.meaning.contains("NO`") {
                #expect(Message.flag(value) != nil, "\(input.path)")
            }
        }
    }
}
