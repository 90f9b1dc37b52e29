import DriverProtocol
import Posix

/// A place in which oned keeps images: finds one that is there, and takes new ones in. It is made from a message's
/// DS_MAD and template.
package protocol Datastore: Sendable {
    /// The attribute of the message that the SOURCEs of its images begin with; nil if there is none.
    static var placeInput: Input? { get }
    /// The format that images are brought into here; nil if they stay as they come.
    var format: String? { get }
    /// Whether every image has to be in that format, whatever it is for.
    var needsFormat: Bool { get }
    /// Returns the place and the kind of an image. Throws a ``DriverError`` if it is not there.
    ///
    /// - Parameter md5: whether its MD5 is wanted, for which all of it has to be read.
    func find(_ image: StoredImage, md5: Bool) throws -> ImportInfo
    /// Begins a new image. Throws a ``DriverError`` unless one can be written here, and there is room for what it needs.
    func stage(_ image: NewImage) throws -> any StagedImage
    /// Removes an image by its SOURCE. Returns false if there is none.
    func remove(_ source: String) throws -> Bool
}

extension Datastore {
    package static var placeInput: Input? { nil }
    package var needsFormat: Bool { false }
}

/// What a datastore finds out to be none of its business, while an image comes: it is the stock script's.
package struct LeftToStockScript: Error, CustomStringConvertible {
    package let description: String

    init(_ reason: String) {
        description = reason
    }
}

/// The kinds of datastores, by DS_MAD. A new kind is one more row.
private let kinds: [(driver: String, open: @Sendable (Request) throws(DriverError) -> any Datastore)] = [
    ("fs", { request throws(DriverError) in try DirectoryDatastore(request) }),
    ("ceph", { request throws(DriverError) in try CephDatastore(request) }),
]

/// Returns the datastore of the message, of the kind that its DS_MAD names. Throws a ``DriverError`` that names the
/// attribute if the kind is not known here, or an attribute has a bad value.
package func datastore(_ request: Request) throws(DriverError) -> any Datastore {
    let driver = try request.message.required(.datastoreDriver)
    guard let kind = kinds.first(where: { $0.driver == driver }) else {
        throw request.message.invalid(
            .datastoreDriver, "is no datastore that apps can be brought into",
            remedy: "use one of DS_MAD \(kinds.map(\.driver).joined(separator: ", "))")
    }
    return try kind.open(request)
}

extension Datastore {
    /// `datastore/*/export`, the first step of an IMPORT: replies with the place and the kind of the message's image.
    package func export(_ message: Message) throws -> Reply {
        let isMD5Deferred = CurrentProcess.environmentVariable(ActionRunner.checksumVariable) == "import"
        return try find(StoredImage(message), md5: !isMD5Deferred).reply
    }
}
