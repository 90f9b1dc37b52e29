import DriverProtocol
import TestSupport
import Testing

@testable import OneMarket

@Suite struct PublishedImagesTests {
    private func output(_ source: String) -> [UInt8] { Array("SOURCE=\"\(source)\"\nMD5=\"m\"\n".utf8) }

    @Test("a SOURCE is told once, and not for ever")
    func remembers() {
        var images = PublishedImages()
        images.note(output("s3://b/k-1"), of: 1, at: 0)
        images.note(output("s3://b/k-2"), of: 2, at: 0)
        images.note(Array("no template".utf8), of: 3, at: 0)
        #expect(images.take(1, at: 3600) == "s3://b/k-1")
        #expect(images.take(1, at: 0) == nil)
        #expect(images.take(2, at: 3601) == nil)
        #expect(images.take(3, at: 0) == nil)
    }

    @Test("the oldest go first where there are too many")
    func bounded() {
        var images = PublishedImages()
        for id in 0...PublishedImages.limit { images.note(output("\(id)"), of: id, at: Double(id) / 10) }
        #expect(images.take(0, at: 101) == nil)
        #expect(images.take(1, at: 101) == "1")
        #expect(images.take(PublishedImages.limit, at: 101) == "\(PublishedImages.limit)")
    }

    @Test(
        "a SOURCE is put where an empty one stood, or none",
        arguments: [
            ("<MARKETPLACEAPP><ID>1</ID><SOURCE><![CDATA[]]></SOURCE></MARKETPLACEAPP>", true),
            ("<MARKETPLACEAPP><SOURCE/><ID>1</ID></MARKETPLACEAPP>", true),
            ("<MARKETPLACEAPP><ID>1</ID></MARKETPLACEAPP>", true),
            ("<IMAGE><SOURCE>a</SOURCE></IMAGE><MARKETPLACEAPP><ID>1</ID></MARKETPLACEAPP >", true),
            ("<MARKETPLACEAPP><ID>1</ID><SOURCE>x</SOURCE></MARKETPLACEAPP>", false),
            ("<MARKETPLACEAPP/>", false), ("<MARKETPLACE/>", false),
        ])
    func putsIn(body: String, isPutIn: Bool) throws {
        let text = "<MARKET_DRIVER_ACTION_DATA>\(body)</MARKET_DRIVER_ACTION_DATA>"
        let source = "http://h/a?b&c]]>"
        let document = try Message(text: Array(text.utf8)).document(withSource: source)
        #expect((document != nil) == isPutIn)
        guard let document else { return }
        let message = try Message(text: document)
        #expect(message.value("MARKETPLACEAPP/SOURCE") == source)
        #expect(message.value("MARKETPLACEAPP/ID") == "1")
        #expect(message.root.children.count == (try Message(text: Array(text.utf8))).root.children.count)
    }
}
