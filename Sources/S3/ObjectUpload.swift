import Checksums
import DriverProtocol
import Posix

/// An object that is being uploaded: bytes in, in order, and an object that is whole and verified, or none.
///
/// What fits into one part is one PUT; more is a multipart upload, several parts at a time. Until ``finish()`` has
/// returned nothing can be seen in the bucket, and ``discard()`` leaves nothing behind. The digests of each part and the
/// MD5 of all are computed as the bytes come, while they are in the processor's caches.
///
/// One thread uses an upload.
public final class ObjectUpload {
    /// The metadata that names one try; how an object is known to be this upload's own.
    static let tryField = "market-try"
    /// Bytes that are put into a part and digested at a time.
    private static let stride = 512 << 10
    /// The metadata that names the app.
    public static let ownerField = "market-app"

    /// What is uploaded where, and how.
    public struct Target: Sendable {
        public let bucket: String
        public let key: String
        /// Bytes in all, nil where that is not known.
        public let length: UInt64?
        public let partSize: UInt64
        public let concurrency: Int
        /// Fields that go with the object: storage class, encryption.
        public let headers: [(String, String)]
        /// Who it belongs to: kept in the object's metadata under ``ObjectUpload/ownerField``.
        public let owner: String

        public init(_ market: S3Market, key: String, length: UInt64?, owner: String) {
            self.init(
                bucket: market.bucket, key: key, length: length, partSize: market.partSize,
                concurrency: market.concurrency, headers: market.storageHeaders, owner: owner)
        }

        init(
            bucket: String, key: String, length: UInt64?, partSize: UInt64, concurrency: Int,
            headers: [(String, String)] = [], owner: String = ""
        ) {
            self.bucket = bucket
            self.key = key
            self.length = length
            self.partSize = partSize
            self.concurrency = concurrency
            self.headers = headers
            self.owner = owner
        }
    }

    let client: S3Client
    let target: Target
    let nonce = randomName()
    private let plan: PartPlan
    private let queue: PartQueue
    private var threads: [Thread] = []
    private var current: UnsafeMutableRawBufferPointer?
    private var filled = 0
    /// Bytes of the current part that are in ``checksums``.
    private var digested = 0
    private var checksums: PartedChecksums
    private var wholeMD5: [UInt8]?
    private var partNumber = 1
    private(set) var written: UInt64 = 0
    private(set) var uploadID: String?
    /// An answer to the creation was lost: another open upload of this key may be ours.
    private(set) var mayHaveStray = false
    /// Requests that could make the object visible have been sent.
    var mayBeVisible = false
    private var isOver = false
    /// Where bytes go that are more than were announced.
    private let surplus = UnsafeMutableRawBufferPointer.allocate(byteCount: 64, alignment: 16)

    /// Sends nothing yet. Throws where S3 has no objects of that length.
    public init(_ client: S3Client, _ target: Target) throws(DriverError) {
        guard let plan = PartPlan(length: target.length, partSize: target.partSize) else {
            throw Self.tooLong(client.name(bucket: target.bucket, key: target.key), target.length ?? 0)
        }
        self.client = client
        self.target = target
        self.plan = plan
        queue = PartQueue(limit: target.concurrency)
        checksums = PartedChecksums(withSHA256: client.signsBodies)
    }

    deinit {
        discard()
        surplus.deallocate()
    }

    private static func tooLong(_ name: String, _ length: UInt64) -> DriverError {
        DriverError(
            "upload", name, cause: "the image has \(length) bytes, and S3's objects at most 5 TiB",
            remedy: "keep it in a marketplace of another kind")
    }

    /// What errors call it.
    public var name: String { client.name(bucket: target.bucket, key: target.key) }

    /// Appends bytes.
    public func write(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes
        while !rest.isEmpty {
            let room = try self.room()
            let count = min(room.count, rest.count)
            room.copyMemory(from: UnsafeRawBufferPointer(rebasing: rest[..<count]))
            advance(count)
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    /// Appends zeros. S3 knows no holes: they are sent.
    public func writeZeros(_ count: UInt64) throws {
        var rest = count
        while rest > 0 {
            try Interrupt.check()
            let room = try self.room()
            let count = Int(min(UInt64(room.count), rest))
            UnsafeMutableRawBufferPointer(rebasing: room[..<count]).initializeMemory(as: UInt8.self, repeating: 0)
            advance(count)
            rest -= UInt64(count)
        }
    }

    /// Where the next bytes go, for a caller that puts them there itself and then says so to ``advance(_:)``: never
    /// empty. A full part is sent off only when something follows it, so that what fits into one part stays one.
    public func room() throws -> UnsafeMutableRawBufferPointer {
        // Whoever looks for the end finds it here; what comes in its place makes finish() fail.
        if written >= target.length ?? .max { return surplus }
        let size = Int(plan.size(ofPart: partNumber))
        if filled == size { try sendOff() }
        if current == nil {
            guard written < PartPlan.maximumLength, partNumber <= PartPlan.maximumParts else {
                throw Self.tooLong(name, written + 1)
            }
            let rest = (target.length ?? .max) - written
            current = try queue.buffer(ofSize: Int(min(plan.size(ofPart: partNumber), rest)))
        }
        let end = min(Int(plan.size(ofPart: partNumber)), current!.count)
        return UnsafeMutableRawBufferPointer(rebasing: current![filled..<min(end, filled + Self.stride)])
    }

    /// `count` bytes have been put at the beginning of ``room()``.
    public func advance(_ count: Int) {
        defer { written += UInt64(count) }
        guard let current, written < target.length ?? .max else { return }
        filled += count
        let end = filled - filled % PartedChecksums.blockSize
        checksums.update(UnsafeRawBufferPointer(rebasing: current[digested..<end]))
        digested = end
    }

    /// The MD5 of all, in hexadecimal digits. Nothing may be appended afterwards.
    public func md5() -> String { hexadecimal(finishedMD5()) }

    func finishedMD5() -> [UInt8] {
        if let wholeMD5 { return wholeMD5 }
        let result = checksums.finish(undigested)
        wholeMD5 = result
        return result
    }

    /// The part's bytes that are less than a block.
    private var undigested: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: onlyPart[digested...])
    }

    /// Ends the current part.
    func finishPart() -> PartedChecksums.Part { checksums.finishPart(undigested) }

    private func sendOff() throws {
        guard let buffer = current else { return }
        if uploadID == nil { try begin() }
        queue.add(PartQueue.Filled(number: partNumber, buffer: buffer, count: filled, checksums: finishPart()))
        current = nil
        filled = 0
        digested = 0
        partNumber += 1
    }

    /// The fields that the object is created with.
    var creationHeaders: [(String, String)] {
        target.headers + [
            ("Content-Type", "application/octet-stream"), ("x-amz-meta-" + Self.tryField, nonce),
            ("x-amz-meta-" + Self.ownerField, target.owner.isEmpty ? "-" : target.owner),
        ]
    }

    private func begin() throws {
        mayHaveStray = true
        let (id, isRepeated) = try client.createUpload(
            bucket: target.bucket, key: target.key, headers: creationHeaders)
        uploadID = id
        mayHaveStray = isRepeated
        threads = (0..<target.concurrency).map { _ in
            Thread { [client, target, queue] in Self.work(client, target, id, queue) }
        }
    }

    private static func work(_ client: S3Client, _ target: Target, _ upload: String, _ queue: PartQueue) {
        while let filled = queue.next() {
            do {
                let part = try client.uploadPart(
                    filled.number, of: upload, bucket: target.bucket, key: target.key,
                    body: UnsafeRawBufferPointer(rebasing: filled.buffer[..<filled.count]),
                    checksums: filled.checksums, goOn: { !queue.hasFailed })
                queue.finish(part)
            } catch {
                queue.fail(error)
            }
            queue.giveBack(filled.buffer)
        }
    }

    /// Sends the last part off and waits for all of them; nil where everything fits into one PUT.
    func parts() throws -> [S3Part]? {
        guard uploadID != nil else { return nil }
        // Where the length was not known a part may have been begun for nothing.
        if filled > 0 { try sendOff() }
        queue.close()
        for thread in threads { thread.join() }
        threads = []
        return try queue.parts()
    }

    /// What a single PUT has to send.
    var onlyPart: UnsafeRawBufferPointer {
        current.map { UnsafeRawBufferPointer(rebasing: $0[..<filled]) } ?? UnsafeRawBufferPointer(start: nil, count: 0)
    }

    /// Takes everything back: the upload, and the object where it has come into being. Not interrupted by signals.
    public func discard() {
        guard !isOver else { return }
        queue.cancel()
        for thread in threads { thread.join() }
        threads = []
        finishBuffers()
        removeTraces()
    }

    /// The object is there and right.
    func succeed() {
        finishBuffers()
        if mayHaveStray { client.forCleanup.abortStrays(of: target, except: nil) }
    }

    private func finishBuffers() {
        isOver = true
        if let current { queue.giveBack(current) }
        current = nil
    }
}
