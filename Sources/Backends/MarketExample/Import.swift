import AppTransfer
import Checksums
import DriverProtocol
import ImageTransfer
import Posix

/// `market/example/import`: puts an image on the shelf.
public enum Import: Action {
    public static let name = "market/example/import"
    public static let purpose = "copies an image into SHELF; prints SOURCE, MD5, SIZE (MB) and FORMAT"
    public static let inputs = Shelf.inputs + ["MARKETPLACEAPP/ID", "IMPORT_SOURCE", "SIZE", "FORMAT"]

    public static func run(_ request: Request) throws -> Reply {
        let message = request.message
        let shelf = try Shelf(request)
        let size = try message.number("SIZE") ?? 0
        let format = try imageFormat(message, at: "FORMAT")
        let expected = try ExpectedDigests(message, md5: "MD5")
        let source = try imageSource(message.required("IMPORT_SOURCE"), request)

        // No other file can have that name: whatever has it is this import's.
        let name = randomName(digits: Shelf.nameLength)
        return try ImportJournal(request, shelf).record(Publication(name: name)) { running in
            let sink = try shelf.images.makeSink(ImageNames(name), mode: 0o640, needing: source.storageSize)
            let copied = try ImageCopy(source, expected: expected, log: request.log).run(into: sink)
            running.isPublishing()
            _ = try sink.publish()
            return Reply(source: shelf.source(of: name), md5: copied.source[.md5] ?? "", size: size, format: format)
        }
    }
}
