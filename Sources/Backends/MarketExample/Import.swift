import AppTransfer
import Checksums
import DriverProtocol
import Glibc
import ImageTransfer

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

        let names = ImageNames(id: try message.required("MARKETPLACEAPP/ID"), epoch: time(nil))
        let sink = try shelf.images.makeSink(names, mode: 0o640, needing: source.storageSize)
        let copied = try ImageCopy(source, expected: expected, log: request.log).run(into: sink)
        let name = try sink.publish()
        return Reply(source: shelf.source(of: name), md5: copied.source[.md5] ?? "", size: size, format: format) {
            _ = try? shelf.images.remove(name)
        }
    }
}
