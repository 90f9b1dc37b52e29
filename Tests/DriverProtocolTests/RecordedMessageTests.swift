import DriverProtocol
import TestSupport
import Testing

/// Messages of a real oned and the stock driver manager.
@Suite struct RecordedMessageTests {
    static let names = (try? Fixture.messages(endingIn: ".xml")) ?? []

    @Test func areThere() { #expect(Self.names.count >= 20) }

    @Test(arguments: names) func isRead(_ name: String) throws {
        let bytes = try Fixture.bytes("messages/" + name)
        let plain = try Message(text: bytes)
        #expect(try Message(text: Base64.encode(bytes)).root == plain.root)
        let id = ["MARKETPLACEAPP/ID", "MARKETPLACE/ID", "IMAGE/ID"].compactMap { plain.value($0) }.first
        #expect(id.map { Int($0) != nil } == true)
        let isDatastore = name.hasPrefix("datastore") || name.hasSuffix("export.xml")
        #expect(plain.root.name == (isDatastore ? "DS_DRIVER_ACTION_DATA" : "MARKET_DRIVER_ACTION_DATA"))
    }

    @Test(arguments: [".xml", ".step2.xml"]) func oddTextIsExact(_ suffix: String) throws {
        let message = try Message(text: try Fixture.bytes("messages/market-http-import-odd-text" + suffix))
        let app = "MARKETPLACEAPP/"
        #expect(try message.required(app + "NAME") == "app ünï 你好 (odd) [1] @2, 3=4 % !?*")
        #expect(
            try message.required(app + "TEMPLATE/DESCRIPTION")
                == "quotes \" and ' and & and <b>tag</b> and line one\nline two\ttab back\\\\slash $HOME `id` €")
        #expect(try message.required(app + "TEMPLATE/NOTE") == "x<y>&amp;z")
        #expect(try message.required(app + "VERSION") == "1.0 & \"beta\"")
        #expect(try message.required("MARKETPLACE/TEMPLATE/DESCRIPTION") == "a \"local\" & <small> märket")
        #expect(try message.required("MARKETPLACE/TEMPLATE/PUBLIC_DIR") == "/var/local/market-http")
        #expect(message.words("DATASTORE/TEMPLATE/SAFE_DIRS") == ["/var/tmp", "/var/tmp/images"])
        #expect(try message.number("MARKETPLACE/TOTAL_MB") == 258_020)
        #expect(message.value("MARKETPLACEAPP/MD5") == nil)
    }

    @Test func theSecondStepHasWhatTheFirstFound() throws {
        let message = try Message(text: try Fixture.bytes("messages/market-http-import.step2.xml"))
        let stated = try Message(text: try Fixture.bytes("messages/market-http-import.xml"))
        #expect(try message.required("IMPORT_SOURCE") == stated.required("IMAGE/SOURCE"))
        #expect(try message.required("MD5") == "7336b026dbf3a82cbd715324e1c5be14")
        #expect(try message.number("SIZE") == 4)
        #expect(try message.required("FORMAT") == "raw")
        #expect(try !message.flag("DISPOSE", default: true))
    }

    @Test(arguments: (try? Fixture.messages(endingIn: "-import.answer")) ?? []) func importAnswersAreTemplates(
        _ name: String
    ) throws {
        let template = try Template(parsing: try Fixture.text("messages/" + name))
        let handed = try Message(text: try Fixture.bytes("messages/\(name.dropLast(".answer".count)).step2.xml"))
        let prefix = name.contains("-s3-") ? "s3://" : "http://127.0.0.1:8078"
        #expect(template["SOURCE"]?.hasPrefix(prefix) == true)
        #expect(template["md5"]?.utf8.count == 32)
        #expect(try template["SIZE"] == handed.required("SIZE"))
        #expect(try template["FORMAT"] == handed.required("FORMAT"))
    }

    @Test func monitorAnswersAreTemplates() throws {
        let room = try Template(parsing: try Fixture.text("messages/market-http-monitor.answer"))
        #expect(room.attributes.map(\.name) == ["USED_MB", "FREE_MB", "TOTAL_MB"])
        #expect(room["TOTAL_MB"] == "258020")
        let catalog = try Template(parsing: try Fixture.text("messages/market-one-monitor.answer"))
        #expect(catalog.attributes.count >= 4)
        var faults: [String] = []
        for attribute in catalog.attributes {
            guard attribute.name == "APP", case .text(let encoded) = attribute.value else {
                Issue.record("\(attribute.name) stands in a catalog")
                continue
            }
            let text = String(decoding: try #require(Base64.decode(encoded.utf8)), as: UTF8.self)
            do {
                let app = try Template(parsing: text)
                #expect(app["ORIGIN_ID"] == "-1")
                #expect(app["NAME"]?.isEmpty == false)
            } catch {
                faults.append("\(error)")
            }
        }
        // The stock driver wrote a DESCRIPTION that ends in a backslash, which swallows the attribute behind it.
        #expect(faults == ["= was expected after 1, in line 9"])
    }
}
