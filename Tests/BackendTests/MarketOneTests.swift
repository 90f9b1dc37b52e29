import DriverProtocol
import Foundation
import Posix
import TestSupport
import Testing

@testable import Catalog
@testable import MarketOne

@Suite struct MarketOneTests {
    /// A report of a catalog, what was logged, and the error.
    private func report(_ catalog: some Sequence<UInt8>) throws -> (
        apps: [Template], warnings: [String], reason: String?
    ) {
        let warnings = Locked<[String]>([])
        let log = Log(action: "test", id: "0") { line in warnings.update { $0.append(line) } }
        let market = try CatalogMarket(request(log), endpoint: WebURL("http://127.0.0.1")!, agent: "test")
        var document = CatalogDocument(url: WebURL("http://127.0.0.1/appliance")!, bytes: Array(catalog))
        do {
            let reply = try MarketOne.Monitor.report(&document, market, log: log).reply(of: document.url)
            return (try apps(reply), warnings.update { $0 }, nil)
        } catch let error as DriverError {
            return ([], warnings.update { $0 }, error.description)
        }
    }

    func report(appliances: String...) throws -> (apps: [Template], warnings: [String], reason: String?) {
        try report("{\"appliances\":[\(appliances.joined(separator: ","))]}".utf8)
    }

    // MARK: Text

    static let texts = [
        "plain", "with \"quotes\" and \\ backslashes \\\\ in it", "\\\"", "one\ntwo\r\nthree\ttab", "ünï 你好 😀 \u{301}",
        "[a=\"b\",c]", "# no comment", "$(id) `id` ${x} %s", "<b>&amp;</b> ]] > <![CDATA[", "]] ]>", "a=b\nNAME=\"x\"",
        String(repeating: "long ünï text ", count: 8000),
    ]

    @Test(arguments: texts) func bringsTextThroughAsItWasSent(_ text: String) throws {
        let member = String(decoding: try JSONEncoder().encode(text), as: UTF8.self)
        let template = String(
            decoding: try JSONEncoder().encode("{\"INFO\":\(member),\"RAW\":{\"DATA\":\(member)}}"), as: UTF8.self)
        let result = try report(
            appliances: """
                {"_id":"1","name":"A","short_description":\(member),"publisher":\(member),"tags":[\(member)],
                "roles":{"x":"B"},"disks":["C"],"opennebula_template":\(template)}
                """)
        let app = try #require(result.apps.first)
        #expect(app["DESCRIPTION"] == text && app["PUBLISHER"] == text && app["TAGS"] == text)
        // A template of the catalog has its quotation marks escaped.
        let meant = text.replacingOccurrences(of: "\\\"", with: "\"")
        let machine = try app.inner("VMTEMPLATE64")
        #expect(machine["INFO"] == meant)
        #expect(machine.attributes.map(\.value).contains(.vector([("DATA", meant)])))
    }

    @Test(arguments: [
        ("a backslash \\", "ends in a backslash"), ("a ]]> b", "has ]] > in it"),
        ("bell \u{7} end", "has a control character"),
        ("c1 \u{85} end", "has a control character"), ("\u{FFFE}", "has a control character"),
    ]) func leavesOutWhatNoTemplateHolds(_ text: String, _ reason: String) throws {
        let member = String(decoding: try JSONEncoder().encode(text), as: UTF8.self)
        let result = try report(
            appliances: #"{"_id":"1","name":"Bad one","short_description":\#(member)}"#,
            #"{"_id":"2","name":"Good one"}"#)
        #expect(result.apps.map { $0["NAME"] } == ["Good one"])
        #expect(result.warnings.count == 1)
        #expect(
            result.warnings.first?.contains("'Bad one' is left out: its DESCRIPTION \(reason)") == true,
            "\(result.warnings)")
    }

    // MARK: Odd appliances

    static let unusable = [
        ("null", "it is no JSON object"), ("[]", "it is no JSON object"), (#"{"name":"x"}"#, "it has no _id"),
        (#"{"_id":null,"name":"x"}"#, "it has no _id"), (#"{"_id":{"$oid":""},"name":"x"}"#, "it has no _id"),
        (#"{"_id":"../x","name":"x"}"#, "its _id has characters that a URL cannot have"),
        (#"{"_id":"a b","name":"x"}"#, "its _id has characters that a URL cannot have"),
        (#"{"_id":"1"}"#, "it has no name"),
        (#"{"_id":"1","name":"///"}"#, "it has no name"), (#"{"_id":"1","name":{}}"#, "it has no name"),
        (#"{"_id":"1","name":"x","type":"SPACESHIP"}"#, "its type 'SPACESHIP' is not known"),
        (#"{"_id":"1","name":"x","files":[{"md5":"zz"}]}"#, "its md5 is no checksum"),
        (#"{"_id":"1","name":"x","type":"VMTEMPLATE","opennebula_template":"{"}"#, "its template is no JSON object"),
        (
            #"{"_id":"1","name":"x","type":"SERVICE_TEMPLATE","opennebula_template":"[]"}"#,
            "its template is no JSON object"
        ),
        (
            #"{"_id":"1","name":"x","type":"SERVICE_TEMPLATE","opennebula_template":{"a":1}}"#,
            "its template is no text"
        ),
        (#"{"_id":"1","name":"x","type":"VMTEMPLATE","opennebula_template":[1]}"#, "its template is no JSON object"),
        (#"{"_id":"1","name":"x","type":"VMTEMPLATE","disks":[{}]}"#, "one of its disks has no name"),
        (#"{"_id":"1","name":"x","type":"SERVICE_TEMPLATE","roles":{"a":1.5e3,"b":[]}}"#, "its role 'b' has no app"),
        (
            #"{"_id":"1","x":\#(String(repeating: "[", count: 70))\#(String(repeating: "]", count: 70))}"#,
            "it has no name"
        ),
        (
            #"{"_id":"1","name":\#(String(repeating: "[", count: 70))\#(String(repeating: "]", count: 70))}"#,
            "nested too deeply"
        ),
    ]

    @Test(arguments: unusable) func leavesOneOutAndKeepsTheOthers(_ appliance: String, _ reason: String) throws {
        let result = try report(appliances: #"{"_id":"1","name":"before"}"#, appliance, #"{"_id":"2","name":"after"}"#)
        #expect(result.apps.map { $0["NAME"] } == ["before", "after"])
        #expect(result.warnings.count == 1 && result.warnings.first?.contains(reason) == true, "\(result.warnings)")
    }

    @Test func survivesValuesOfOddTypes() throws {
        let result = try report(
            appliances: """
                {"_id":{"$oid":"1"},"name":"odd","tags":"one tag","hypervisor":["kvm","lxc"],"os-arch":{"a":1},"version":2.5,
                "publisher":null,"format":true,"creation_time":"1700000000.9","short_description":[],"roles":[],"disks":{},
                "files":[{"size":"2097153","md5":"","checksum":"none"}],
                "opennebula_template":"{\\"CPU\\":1,\\"MEMORY\\":512.5,\\"ACPI\\":true,\\"NIC\\":[{\\"ID\\":3},{\\"X\\":null}],\\"E\\":{},\\"N\\":null,\\"L\\":[1,2]}"}
                """)
        let app = try #require(result.apps.first)
        #expect(app["TAGS"] == "one tag" && app["HYPERVISOR"] == "kvm, lxc" && app["ARCHITECTURE"] == "all")
        #expect(
            app["VERSION"] == "2.5" && app["FORMAT"] == "true" && app["REGTIME"] == "1700000000" && app["SIZE"] == "3")
        #expect(app["MD5"] == nil && app["PUBLISHER"] == nil && app["DESCRIPTION"] == nil)
        #expect(
            try app.decoded("VMTEMPLATE64")
                == "CPU=\"1\"\nMEMORY=\"512.5\"\nACPI=\"true\"\nNIC=[ID=\"3\"]\nL=\"1\"\nL=\"2\"\n"
                + "SCHED_REQUIREMENTS=\"(HYPERVISOR=kvm | HYPERVISOR=lxc)\"\n")
        #expect(result.warnings.isEmpty)
    }

    @Test func takesATemplateThatIsAnObject() throws {
        let result = try report(appliances: #"{"_id":"1","name":"x","opennebula_template":{"CPU":1}}"#)
        #expect(
            try result.apps.first?.decoded("VMTEMPLATE64")
                == "CPU=\"1\"\nSCHED_REQUIREMENTS=\"HYPERVISOR=kvm\"\nHYPERVISOR=\"kvm\"\n")
        #expect(result.warnings.isEmpty)
    }

    @Test func keepsAnImageWhoseTemplateIsBroken() throws {
        let result = try report(appliances: #"{"_id":"1","name":"x","opennebula_template":"{"}"#)
        #expect(result.apps.count == 1 && result.apps.first?["VMTEMPLATE64"] == nil)
        #expect(result.warnings.first?.contains("'x': it comes without a VM template") == true)
    }

    @Test func answersAsTheStockDriverDidWhereThatWasRight() throws {
        let appliance = #"""
            {"_id":{"$oid":"aaa4"},"name":"Arm app","publisher":"Pub","format":"qcow2","short_description":"Short aaa4",
            "version":"1.0","tags":["linux","ubuntu"],"creation_time":1700000000,"os-arch":"aarch64","hypervisor":"kvm",
            "files":[{"size":2252341248,"md5":"9cf1ae13e0c9a7c3b1c0f5f0c3cbd0d9","dev_prefix":"vd","type":"OS"}],
            "opennebula_template":"{\"CPU\":\"1\",\"MEMORY\":\"768\",\"GRAPHICS\":{\"LISTEN\":\"0.0.0.0\",\"TYPE\":\"vnc\"}}"}
            """#
        let mine = try #require(try report(appliances: appliance).apps.first)
        // One of the recorded apps is no template.
        let lines = try Fixture.text("messages/market-one-monitor.answer").split(separator: "\n")
        let recorded = lines.compactMap { try? apps(Reply(String($0))).first }
        let stock = try #require(recorded.first { $0["NAME"] == "Arm app" })
        for attribute in mine.attributes
        where !["SOURCE", "LINK", "VMTEMPLATE64", "APPTEMPLATE64"].contains(attribute.name) {
            #expect(stock.attributes.contains(attribute), "\(attribute)")
        }
        #expect(Set(mine.attributes.map(\.name)) == Set(stock.attributes.map(\.name)))
        for name in ["VMTEMPLATE64", "APPTEMPLATE64"] {
            let (left, right) = try (mine.inner(name), stock.inner(name))
            #expect(left.attributes.count == right.attributes.count)
            for attribute in left.attributes { #expect(right.attributes.contains(attribute), "\(attribute)") }
        }
    }

    // MARK: Catalogs that are not whole

    @Test(arguments: [
        ("", "too early"), ("{}", "no list 'appliances'"), ("[]", "no list 'appliances'"),
        ("<html>", "a value was expected"),
        (#"{"appliances":[]}"#, "it lists no app"), (#"{"appliances":null}"#, "no list 'appliances'"),
        (#"{"appliances":[{"_id":"1","name":"x"}"#, "too early"), (#"{"appliances":[null]}"#, "none of its 1 apps"),
        (#"{"appliances":[{"_id":"1","name":"x"}]}x"#, "goes on after its end"),
    ]) func failsWhereTheCatalogIsNotWhole(_ catalog: String, _ reason: String) throws {
        let result = try report(catalog.utf8)
        #expect(result.reason?.contains(reason) == true, "\(result.reason ?? "")")
        #expect(result.apps.isEmpty)
    }

    @Test func passesOverAByteOrderMark() throws {
        #expect(try report("\u{FEFF}{\"appliances\":[{\"_id\":\"1\",\"name\":\"x\"}]}".utf8).apps.count == 1)
    }

    @Test func endsEachMutationInAppsOrInOneLine() throws {
        let whole = try Fixture.bytes("catalogs/opennebula-7.4.json")
        let appliances = whole[
            ...(try #require(
                whole.indices.first {
                    $0 > 4000 && whole[$0] == UInt8(ascii: "}") && whole[$0 + 1] == UInt8(ascii: ",")
                        && whole[$0 + 2] == UInt8(ascii: "{")
                }))]
        let catalog = Array(appliances) + Array("]}".utf8)
        #expect(try report(catalog).apps.count > 1)
        var generator = SeededGenerator.fresh()
        var finished = 0
        let rounds = SeededGenerator.rounds(10_000)
        for _ in 0..<rounds {
            let result = try report(
                generator.mutated(
                    catalog,
                    tokens: [
                        "\"", "\\", "]]>", "{", "}", "[", "null", "\\u0000", "\\\\\\\"", "-1e999", "\n", ",", "\u{7}",
                    ]))
            if let reason = result.reason {
                #expect(faultOfLine(reason) == nil && result.apps.isEmpty, "seed \(generator.seed): \(reason)")
            } else {
                finished += 1
                for app in result.apps {
                    #expect(["NAME", "SOURCE", "TYPE"].allSatisfy(app.contains), "seed \(generator.seed)")
                }
            }
        }
        #expect(finished > rounds / 20 && finished < rounds)
    }
}
