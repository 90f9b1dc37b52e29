import Checksums
import S3

/// An object that is being uploaded.
package final class S3Sink: ImageSink {
    private let upload: ObjectUpload
    private let key: String

    /// Sends nothing yet. Throws if the image is too long for S3.
    package init(_ client: S3Client, _ target: ObjectUpload.Target) throws {
        upload = try ObjectUpload(client, target)
        key = target.object.key
    }

    package var name: String { upload.name }
    /// Distinguishes this upload from others of the same key.
    package var attempt: String { upload.nonce }

    package func write(_ bytes: UnsafeRawBufferPointer) throws { try upload.write(bytes) }
    package func skip(_ count: UInt64) throws { try upload.writeZeros(count) }
    package func intake(_ digests: [Digest]) -> any SinkIntake { UploadIntake(upload, digests) }

    /// Completes the upload and verifies the object. Returns its key.
    package func publish() throws -> String {
        try upload.finish()
        return key
    }

    package func discard() {
        upload.discard()
    }
}

/// An upload has to compute the MD5 of the bytes, for the whole and for each part, while they are in the processor's
/// caches.
private final class UploadIntake: SinkIntake {
    private let upload: ObjectUpload
    /// All except for the MD5.
    private let digests: [Digest]

    init(_ upload: ObjectUpload, _ digests: [Digest]) {
        self.upload = upload
        self.digests = digests.filter { $0.algorithm != .md5 }
    }

    func buffer() throws -> UnsafeMutableRawBufferPointer { try upload.room() }

    func take(_ count: Int) throws {
        let room = try upload.room()
        for digest in digests { digest.update(UnsafeRawBufferPointer(rebasing: room[..<count])) }
        upload.advance(count)
    }

    func take(_ lent: LentBytes) throws {
        for digest in digests { digest.update(lent.bytes) }
        try upload.write(lent.bytes)
    }

    func skip(_ count: UInt64) throws {
        for digest in digests { digest.updateZeros(count) }
        try upload.writeZeros(count)
    }

    func finish() -> [Digest.Algorithm: String] {
        let found = digests.map { ($0.algorithm, $0.finish()) } + [(.md5, upload.md5())]
        return Dictionary(uniqueKeysWithValues: found)
    }
}
