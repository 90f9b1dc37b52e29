import DriverProtocol
import S3

/// An object of an S3 service, its ranges fetched in parallel and all of one version.
public final class S3Source: ImageSource {
    public let name: String
    public let length: UInt64?
    /// The MD5 that the service has computed itself: nil where it was uploaded in parts.
    public let md5: String?
    private let download: ObjectDownload

    /// Looks the object up. Throws where it is not there.
    public init(_ client: S3Client, bucket: String, key: String) throws {
        download = ObjectDownload(client, bucket: bucket, key: key)
        name = "s3://\(bucket)/\(key)"
        let object = try download.open()
        length = object.size
        md5 = object.md5
    }

    public var storageSize: UInt64? { length }

    public func next(into buffer: UnsafeMutableRawBufferPointer) throws -> Segment {
        let count = try download.read(into: buffer)
        return count == 0 ? .end : .data(count)
    }

    public func lend() throws -> LentBytes? {
        try download.lend().map { LentBytes($0.bytes, owner: $0) }
    }
}

/// An object that is being uploaded. Its name is given when the upload begins.
public final class S3Sink: DigestingSink {
    private let upload: ObjectUpload
    private let key: String

    /// Sends nothing yet. Throws where the image is too long for S3.
    public init(_ client: S3Client, _ target: ObjectUpload.Target) throws {
        upload = try ObjectUpload(client, target)
        key = target.key
    }

    public var name: String { upload.name }

    public func write(_ bytes: UnsafeRawBufferPointer) throws { try upload.write(bytes) }
    public func skip(_ count: UInt64) throws { try upload.writeZeros(count) }
    public func room() throws -> UnsafeMutableRawBufferPointer { try upload.room() }
    public func advance(_ count: Int) { upload.advance(count) }
    public func finishMD5() -> String { upload.md5() }

    /// Completes the upload and verifies the object, whose name must be the first of `names`. An object has no mode.
    public func publish(as names: some Sequence<String>, mode: UInt32 = 0) throws -> String {
        precondition(names.first { _ in true } == key)
        try upload.finish()
        return key
    }

    public func discard() {
        upload.discard()
    }
}

/// The object that `location` names, read with the keys of the message's marketplace.
func s3Source(_ location: String, _ request: Request) throws -> S3Source {
    guard let (bucket, key) = S3Market.parse(location) else {
        throw readError(location, cause: "it names no object", remedy: "write it as s3://BUCKET/KEY")
    }
    let market = try S3Market(request.message, log: request.log)
    return try S3Source(S3Client(market.service, log: request.log), bucket: bucket, key: key)
}
