import S3

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
