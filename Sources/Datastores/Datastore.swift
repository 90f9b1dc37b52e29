import DriverProtocol
import ImageTransfer
import Posix

/// Where oned keeps images: finds one that is there, and takes new ones in. What a message's DS_MAD and template say of it
/// is read when it is made.
package protocol Datastore: Sendable {
    /// The format that every image is brought into here; nil if images stay as they come.
    var format: String? { get }
    /// Returns its room.
    func space() throws -> FileSystemSpace
    /// Returns where an image of it lies, and what it is. Throws a ``DriverError`` if it is not there.
    ///
    /// - Parameter md5: whether its MD5 is wanted, for which all of it has to be read.
    func find(_ image: StoredImage, md5: Bool) throws -> ImportInfo
    /// Begins a new image. Throws a ``DriverError`` unless one can be written here.
    ///
    /// - Parameters:
    ///   - id: what oned calls it, of which its name is made.
    ///   - needed: bytes that must have room at the least; nil if that is not known yet.
    func stage(id: String, needing needed: UInt64?) throws -> any StagedImage
    /// Removes an image by its SOURCE. Returns false if there is none.
    func remove(_ source: String) throws -> Bool
}

/// An image on its way into a datastore. First its bytes are written; then it can be looked at, and brought into another
/// format; then it is published. ``ImageSink/publish()`` returns its SOURCE.
package protocol StagedImage: ImageSink {
    /// Throws a ``DriverError`` unless `needed` bytes have room; nil if that is not known.
    func checkRoom(for needed: UInt64?) throws
    /// Returns how the image is compressed, by its first bytes; nil if it is not.
    func compression() throws -> Compression?
    /// Returns what has been written. Its content is not to be trusted.
    ///
    /// - Parameters:
    ///   - format: the format that it is said to have; nil leaves it to qemu-img to find out.
    ///   - name: what errors call it.
    func describe(format: String?, name: String) throws -> ImageDescription
    /// Brings it from one format into another. Returns the MD5 of the image that it is now.
    func convert(from format: String, to newFormat: String) throws -> String
    /// How many bytes have been written, holes included.
    var size: UInt64 { get }
}

/// The kinds of datastores, by DS_MAD. A new kind is one more row.
private let kinds: [(driver: String, open: @Sendable (Request) throws(DriverError) -> any Datastore)] = [
    ("fs", { request throws(DriverError) in try DirectoryDatastore(request) })
]

/// Returns the datastore of the message, of the kind that its DS_MAD names. Throws a ``DriverError`` that names the
/// attribute if it is of no kind that is known here, or has a bad value.
package func datastore(_ request: Request) throws(DriverError) -> any Datastore {
    let attribute = "DATASTORE/DS_MAD"
    let driver = try request.message.required(attribute)
    guard let kind = kinds.first(where: { $0.driver == driver }) else {
        throw request.message.invalid(
            attribute, "is no datastore that apps can be brought into",
            remedy: "use one of DS_MAD \(kinds.map(\.driver).joined(separator: ", "))")
    }
    return try kind.open(request)
}

extension Datastore {
    /// `datastore/*/export`, the first step of an IMPORT: tells where the message's image lies and what it is.
    package func export(_ message: Message) throws -> Reply {
        // Set by one_market if the `import` that follows computes the MD5 from the bytes that it reads anyway.
        let isMD5Deferred = environmentVariable("MARKET_DRIVERS_MD5") == "import"
        return try find(StoredImage(message), md5: !isMD5Deferred).reply
    }
}
