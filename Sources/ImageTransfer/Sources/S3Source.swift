import DriverProtocol
import S3

/// An object of an S3 service, its ranges fetched in parallel and all of one version.
package final class S3Source: ImageSource {
    package let name: String
    package let length: UInt64?
    /// The MD5 that the service has computed itself, or nil if the object was uploaded in parts.
    package let md5: String?
    private let download: ObjectDownload

    /// Looks the object up. Throws if it is not there.
    package init(_ client: S3Client, _ address: S3Address) throws {
        download = ObjectDownload(client, address)
        name = "\(address)"
        let object = try download.open()
        length = object.size
        md5 = object.md5
    }

    /// Looks up the object that `location` names, `s3://BUCKET/KEY`, with the keys of the message's marketplace.
    package convenience init(_ location: Location, _ request: Request) throws {
        guard let address = S3Address(location.text) else {
            throw readError(location, cause: "it names no object", remedy: "write it as s3://BUCKET/KEY")
        }
        try self.init(S3Marketplace(request).client, address)
    }

    package var storageSize: UInt64? { length }
    package var isPaced: Bool { true }

    package func next(into buffer: UnsafeMutableRawBufferPointer) throws -> Segment {
        let count = try download.read(into: buffer)
        return count == 0 ? .end : .data(count)
    }

    package func lend() throws -> LentBytes? {
        try download.lend().map { LentBytes($0.bytes, owner: $0) }
    }
}
