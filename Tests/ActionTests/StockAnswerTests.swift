import DriverProtocol
import Foundation
import TestSupport
import Testing

/// Both catalog monitors beside the stock drivers, which were given the same catalogs at the same ENDPOINT: every app
/// and every attribute, and those of the templates within an app.
@Suite struct StockAnswerTests {
    struct Market: CustomTestStringConvertible, Sendable {
        let kind: String
        let catalog: String
        let endpoint: String
        let apps: Int
        let differences: [Difference]

        var testDescription: String { kind }
    }

    /// An intended difference, as docs/differences.md describes it.
    struct Difference: Sendable {
        /// The app's attribute, or `OUTER/INNER` for one in a template or a vector.
        let attribute: String
        /// The number of apps that have it.
        let apps: Int
        let reason: String
        /// Whether the values, nil for an attribute that isn't there, differ in the intended way.
        let isMeant: @Sendable (_ stock: String?, _ own: String?) -> Bool

        init(
            _ attribute: String, apps: Int, _ reason: String,
            isMeant: @escaping @Sendable (_ stock: String?, _ own: String?) -> Bool
        ) {
            self.attribute = attribute
            self.apps = apps
            self.reason = reason
            self.isMeant = isMeant
        }
    }

    static let markets = [
        Market(
            kind: "one", catalog: "opennebula-7.4.json", endpoint: "http://catalog.example", apps: 132,
            differences: [
                Difference("SHA256", apps: 101, "the catalog has it, and the export compares it") { stock, own in
                    stock == nil && isHexadecimal(own, digits: 64)
                },
                Difference("APPTEMPLATE64/SHA256", apps: 101, "it comes to the image, and cp compares it") {
                    stock, own in
                    stock == nil && isHexadecimal(own, digits: 64)
                },
                Difference(
                    "VMTEMPLATE64/SCHED_REQUIREMENTS", apps: 53, "an image for x86_64 boots on no other host",
                    isMeant: addsArchitecture),
                Difference(
                    "APPTEMPLATE64/SCHED_REQUIREMENTS", apps: 19, "a machine for x86_64 runs on no other host",
                    isMeant: addsArchitecture),
                Difference(
                    "APPTEMPLATE64/SCHED_REQUIREMENTS", apps: 1,
                    "what an app asks for itself may hold an alternative, which binds less than &"
                ) {
                    $1 == "(HYPERVISOR!=\"vcenter\") & HYPERVISOR=kvm & ARCH=x86_64"
                        && $0 == "HYPERVISOR!=\"vcenter\" & HYPERVISOR=kvm"
                },
                Difference("DISK/NAME", apps: 20, "two monitorings of a catalog print the same bytes") {
                    isHexadecimal($0, digits: 10) && isHexadecimal($1, digits: 10)
                },
            ]),
        Market(
            kind: "linuxcontainers", catalog: "linuxcontainers-images.json", endpoint: "http://catalog.example/",
            apps: 36,
            differences: [
                Difference("MD5", apps: 36, "it changes when the image would, not for all apps of a day") {
                    isHexadecimal($0, digits: 32) && isHexadecimal($1, digits: 32)
                },
                Difference("SHA256", apps: 36, "the catalog has it, and the export compares it") { stock, own in
                    stock == nil && isHexadecimal(own, digits: 64)
                },
                Difference("FILE_SIZE", apps: 36, "SIZE is that of the image, not of the file to fetch") { stock, own in
                    stock == nil && own.flatMap { UInt64($0) } != nil
                },
            ]),
    ]

    private static let addsArchitecture: @Sendable (String?, String?) -> Bool = { stock, own in
        stock == "HYPERVISOR=kvm" && own == "HYPERVISOR=kvm & ARCH=x86_64"
    }

    private static func isHexadecimal(_ text: String?, digits: Int) -> Bool {
        text?.wholeMatch(of: /[0-9a-f]+/)?.output.count == digits
    }

    @Test(arguments: markets) func answersAsTheStockDriverInEachAttribute(_ market: Market) throws {
        let stock = try Self.values(Fixture.text("stock-answers/\(market.kind)-monitor.out"))
        let own = try Self.values(answer(market))
        #expect(stock.count == market.apps && Set(stock.keys) == Set(own.keys))
        var found = market.differences.map { _ in Set<String>() }
        for (name, values) in stock {
            let mine = own[name] ?? [:]
            for path in Set(values.keys).union(mine.keys) where values[path] != mine[path] {
                let row = market.differences.firstIndex {
                    $0.attribute == path.replacing(/\#\d+/, with: "") && $0.isMeant(values[path], mine[path])
                }
                if let row {
                    found[row].insert(name)
                } else {
                    Issue.record("\(name), \(path): \(mine[path] ?? "none") in place of \(values[path] ?? "none")")
                }
            }
        }
        for (difference, names) in zip(market.differences, found) {
            #expect(names.count == difference.apps, "\(difference.attribute): \(difference.reason)")
        }
    }

    @Test func writesTheVMTemplatesOfContainersAsTheStockDriver() throws {
        let market = Self.markets[1]
        func templates(_ report: String) throws -> [String: String] {
            try apps(ofReport: report).reduce(into: [:]) { texts, app in
                texts[app["NAME"] ?? ""] = Self.withoutBlanks(try app.decoded("VMTEMPLATE64"))
            }
        }
        let stock = try templates(Fixture.text("stock-answers/linuxcontainers-monitor.out"))
        #expect(try templates(answer(market)) == stock && stock.count == market.apps)
    }

    /// Returns the monitor's reply for a server that is reached as its proxy.
    private func answer(_ market: Market) throws -> String {
        let rig = try CatalogRig(market.kind)
        try rig.serve(fixture: market.catalog)
        let server = try Nginx(root: rig.served)
        let outcome = try rig.monitor(market.endpoint, environment: ["http_proxy": server.url("")])
        #expect(outcome.status == .exited(0) && outcome.errors == "")
        return outcome.output
    }

    // MARK: Apps as values

    /// By app's name the values of all its attributes: `TYPE`, `VMTEMPLATE64/OS/ARCH`; the second `DISK` is `DISK#1`.
    private static func values(_ report: String) throws -> [String: [String: String]] {
        try apps(ofReport: report).reduce(into: [:]) { all, app in
            var values: [String: String] = [:]
            try add(app, to: &values, below: "")
            let name = try #require(app["NAME"])
            #expect(all.updateValue(values, forKey: name) == nil, "two apps are named \(name)")
        }
    }

    private static func add(_ template: Template, to values: inout [String: String], below path: String) throws {
        var counts: [String: Int] = [:]
        for attribute in template.attributes {
            let position = counts[attribute.name, default: 0]
            counts[attribute.name] = position + 1
            let path = path + attribute.name + (position == 0 ? "" : "#\(position)")
            switch attribute.value {
            case .vector(let pairs):
                for pair in pairs { values["\(path)/\(pair.name)"] = pair.value }
            case .text where attribute.name.hasSuffix("64"):
                let text = try template.decoded(attribute.name)
                // That of a service is JSON.
                if text.hasPrefix("{") {
                    values[path] = text
                } else {
                    try add(Template(parsing: text), to: &values, below: path + "/")
                }
            case .text(let text): values[path] = text
            }
        }
    }

    /// A template without the white space that stands outside of quotation marks.
    private static func withoutBlanks(_ template: String) -> String {
        var isQuoted = false
        return String(
            template.filter { character in
                if character == "\"" { isQuoted.toggle() }
                return isQuoted || !character.isWhitespace
            })
    }
}
