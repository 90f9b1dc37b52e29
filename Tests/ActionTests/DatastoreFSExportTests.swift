import DriverProtocol
import Foundation
import Glibc
import Posix
import TestSupport
import Testing
import XML

@Suite struct DatastoreFSExportTests {
    private let market: LocalMarket

    init() throws {
        market = try LocalMarket()
    }

    private var image: String { market.datastore + "/image" }

    private func export(_ message: DriverMessage, environment: [String: String] = [:]) throws -> Outcome {
        try market.act("datastore-fs-export", message, environment: environment)
    }

    /// Returns the elements of a reply, which must be the recorded ones in the recorded order.
    private func values(_ outcome: Outcome, sourceLocation: SourceLocation = #_sourceLocation) throws -> [String] {
        #expect(outcome.status == .exited(0), "\(outcome.errors)", sourceLocation: sourceLocation)
        #expect(outcome.reasons.isEmpty && !outcome.errors.contains("WARN:"), sourceLocation: sourceLocation)
        let recorded = try XMLParser.parse(Fixture.bytes("messages/market-http-import.export.answer"))
        let root = try XMLParser.parse(Array(outcome.output.utf8))
        #expect(root.name == recorded.name, sourceLocation: sourceLocation)
        try #require(root.children.map(\.name) == recorded.children.map(\.name), sourceLocation: sourceLocation)
        #expect(root.children.last?.text == "NO", sourceLocation: sourceLocation)
        return root.children.dropLast().map(\.text)
    }

    /// SIZE is the disk's, in MB rounded up, whatever the file's length.
    @Test(arguments: [
        ("raw", "1", "1"), ("raw", "1048576", "1"), ("raw", "1048577", "2"), ("raw", "3G", "3072"),
        ("qcow2", "1", "1"), ("qcow2", "10G", "10240"), ("qcow2", "10737418753", "10241"),
        ("vmdk", "5M", "5"), ("vdi", "7340033", "8"),
    ])
    func describesAnImage(_ format: String, _ size: String, _ megabytes: String) throws {
        try TestFiles.makeImage(image, format: format, size: size)
        let md5 = try TestFiles.md5(image)
        for given in format == "raw" ? [format] : [format, nil] {
            let outcome = try export(market.exportMessage(image, format: given))
            #expect(try values(outcome) == [image, md5, megabytes, format])
        }
    }

    @Test func leavesMD5ToImportWhereItIsAsked() throws {
        try market.directory.write("datastore/image", TestFiles.noise(100_000))
        let outcome = try export(market.exportMessage(image), environment: ["MARKET_DRIVERS_MD5": "import"])
        #expect(try values(outcome) == [image, "", "1", "raw"])
        for other in ["", "no", "IMPORT"] {
            let outcome = try export(market.exportMessage(image), environment: ["MARKET_DRIVERS_MD5": other])
            #expect(try values(outcome) == [image, TestFiles.md5(image), "1", "raw"])
        }
    }

    @Test func guessesFormatWhereNoneIsSaid() throws {
        try market.directory.write("datastore/image", TestFiles.noise(1_500_000))
        #expect(try values(export(market.exportMessage(image, format: nil))).suffix(2) == ["2", "raw"])
        #expect(try values(export(market.exportMessage(image, format: ""))).suffix(2) == ["2", "raw"])
    }

    /// The content of an image is its owner's: a header in it must not make the host read other files.
    @Test func rawStaysRaw() throws {
        let secret = try market.directory.write("secret", [1])
        try TestFiles.makeImage(image, format: "qcow2", size: "10G", options: ["-b", secret, "-F", "raw"])
        let outcome = try export(market.exportMessage(image, format: "raw"))
        #expect(try values(outcome).suffix(2) == ["1", "raw"])
    }

    @Test(arguments: ["qcow2", nil])
    func refusesAnImageInSeveralFiles(_ format: String?) throws {
        let base = try market.directory.write("datastore/base", TestFiles.noise(1 << 20))
        let withBase = market.datastore + "/overlay"
        try TestFiles.makeImage(withBase, format: "qcow2", size: "1M", options: ["-b", base, "-F", "raw"])
        expectRefusal(
            try export(market.exportMessage(withBase, format: format)),
            [withBase, "it has a backing file", "qemu-img convert"])
        let withData = market.datastore + "/external"
        let option = ["-o", "data_file=\(market.datastore)/data,data_file_raw=on"]
        try TestFiles.makeImage(withData, format: "qcow2", size: "1M", options: option)
        expectRefusal(
            try export(market.exportMessage(withData, format: format)),
            [withData, "it has an external data file", "qemu-img convert"])
    }

    @Test func refusesAVmdkInSeveralFiles() throws {
        let option = ["-o", "subformat=monolithicFlat"]
        try TestFiles.makeImage(market.datastore + "/flat.vmdk", format: "vmdk", size: "1M", options: option)
        expectRefusal(
            try export(market.exportMessage(market.datastore + "/flat.vmdk", format: "vmdk")),
            ["flat.vmdk", "it has extents in other files", "qemu-img convert"])
    }

    @Test(arguments: [
        ("qcow2", "its format is said to be qcow2, and its content is not", "correct the image's FORMAT"),
        ("vmdk", "Cannot run qemu-img info on the image", "check the image's format"),
        ("QCOW2", "its value 'QCOW2' is no image format", "write raw, qcow2"),
        ("raw -b /etc/shadow", "is no image format", "write raw, qcow2"),
        ("$(touch x)", "is no image format", "write raw, qcow2"),
    ])
    func refusesAFormatThatIsNotTheImages(_ format: String, _ cause: String, _ remedy: String) throws {
        try market.directory.write("datastore/image", TestFiles.noise(100_000))
        expectRefusal(try export(market.exportMessage(image, format: format)), [cause, remedy])
    }

    @Test(arguments: ["../outside", "link", "sub/../../outside", "linked/file", "chain", "../datastore2/file"])
    func refusesAnImageOutside(_ name: String) throws {
        try makeLinks()
        let path = market.datastore + "/" + name
        expectRefusal(
            try export(market.exportMessage(path)),
            ["Cannot use IMAGE/SOURCE", path, "lies outside of the datastore's BASE_PATH", "SAFE_DIRS"])
        // The datastore itself is no image, nor is a name that only begins like it.
        expectRefusal(try export(market.exportMessage(market.datastore)), ["lies outside of", "SAFE_DIRS"])
        // Named safe, it may be read.
        let safe = try market.exportMessage(path).with(
            "DATASTORE/TEMPLATE/SAFE_DIRS",
            "/nowhere  \(market.directory.path("folder")) \(market.directory.path)/datastore2\n\(market.directory.path)"
        )
        #expect(try values(export(safe)).first == path)
    }

    private func makeLinks() throws {
        try market.directory.write("outside", [1])
        _ = try market.directory.makeDirectory("datastore/sub")
        _ = try market.directory.makeDirectory("datastore2")
        _ = try market.directory.makeDirectory("folder")
        try market.directory.write("folder/file", [1])
        try market.directory.write("datastore2/file", [1])
        symlink("../outside", market.datastore + "/link")
        symlink("link", market.datastore + "/chain")
        symlink(market.directory.path("folder"), market.datastore + "/linked")
    }

    /// Two names that look alike are two directories.
    @Test func comparesPathsByTheirBytes() throws {
        let composed = try market.directory.makeDirectory("d\u{E9}")
        _ = try market.directory.makeDirectory("de\u{301}")
        let path = try market.directory.write("de\u{301}/image", [1])
        let message = try market.exportMessage(path).with("DATASTORE/BASE_PATH", composed)
        expectRefusal(try export(message), ["lies outside of the datastore's BASE_PATH"])
    }

    @Test func followsALinkThatStaysInside() throws {
        try market.directory.write("datastore/image", TestFiles.noise(1000))
        symlink("image", market.datastore + "/alias")
        let outcome = try export(market.exportMessage(market.datastore + "/alias"))
        #expect(try values(outcome) == [market.datastore + "/alias", TestFiles.md5(image), "1", "raw"])
    }

    /// A datastore whose path is a link, as on front-ends with a mounted /var/lib/one.
    @Test func takesADatastoreThatIsALink() throws {
        try market.directory.write("datastore/image", TestFiles.noise(1000))
        symlink("datastore", market.directory.path("ds"))
        let path = market.directory.path("ds//image")
        let message = try market.exportMessage(path).with("DATASTORE/BASE_PATH", market.directory.path("ds/"))
        #expect(try values(export(message)).first == path)
    }

    @Test(arguments: ["a b", "a\nb", "$(touch x)", "';\"", "-rf", "ümlaut", "]]>", "&<>"])
    func namesAreData(_ name: String) throws {
        let path = try market.directory.write("datastore/" + name, TestFiles.noise(1000))
        for format in ["raw", nil] {
            let outcome = try export(market.exportMessage(path, format: format))
            #expect(try values(outcome) == [path, TestFiles.md5(path), "1", "raw"])
        }
    }
}
