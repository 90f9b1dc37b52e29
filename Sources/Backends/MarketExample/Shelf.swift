import AppTransfer
import DriverProtocol
import ImageTransfer

/// The marketplace: a directory of the front-end. An app's SOURCE is `example://` and the name of its file.
struct Shelf: Publications {
    static let nameLength = 32
    static let inputs = [pathAttribute]
    private static let pathAttribute = "MARKETPLACE/TEMPLATE/SHELF"
    private static let scheme = "example://"

    let path: String
    let images: any ImageDirectory

    init(_ request: Request) throws(DriverError) {
        path = try request.message.required(Self.pathAttribute)
        guard path.hasPrefix("/") else {
            throw request.message.invalid(Self.pathAttribute, "is no absolute path", remedy: "begin it with /")
        }
        images = try imageDirectory(path, bridge: nil, log: request.log)
    }

    func source(of name: String) -> String { Self.scheme + name }

    /// The file of the message's app. What a message says may lead anywhere: only a file of the directory counts.
    func fileName(of message: Message) throws(DriverError) -> String {
        let source = try message.required("MARKETPLACEAPP/SOURCE")
        let name = source.utf8.dropFirst(Self.scheme.utf8.count)
        guard source.hasPrefix(Self.scheme), let first = name.first, first != UInt8(ascii: "."),
            !name.contains(UInt8(ascii: "/"))
        else {
            throw message.invalid(
                "MARKETPLACEAPP/SOURCE", "names no file of the shelf", remedy: "correct the app's SOURCE")
        }
        return String(decoding: name, as: UTF8.self)
    }

    // What imports have published is taken back if they were killed, or if their app was deleted meanwhile.

    var areRemote: Bool { images.isRemote }

    func takeBack(_ publication: Publication) throws -> Bool {
        let name = publication.name.utf8
        guard name.count == Self.nameLength, name.allSatisfy({ "0123456789abcdef".utf8.contains($0) }) else {
            return false
        }
        images.removeAbandoned()
        return try images.remove(publication.name)
    }

    func clear(after message: Message) throws -> Bool {
        images.removeAbandoned()
        return false
    }
}
