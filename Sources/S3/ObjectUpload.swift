import Bytes
import Checksums
import DriverProtocol
import HTTP
import Posix

/// An object that is being uploaded: bytes in, in order, and an object that is whole and verified, or none.
///
/// An object that fits into one part is one PUT; a longer one is a multipart upload, several parts at a time. Nothing
/// can be seen in the bucket before ``finish()`` has returned, and ``discard()`` leaves nothing behind. The digests of
/// each part and the MD5 of all are computed as the bytes come, while they are in the processor's caches.
///
/// One thread uses an upload.
package final class ObjectUpload {
    /// The metadata that names one try, by which an object is known to be this upload's own.
    static let tryField = "market-try"
    /// Bytes that are put into a part and digested at a time.
    private static let stride = 512 << 10
    /// The metadata that names the app.
    package static let ownerField = "market-app"

    /// The progress of an upload, which determines what it may have left in the bucket.
    enum Phase {
        /// Nothing has been sent: everything may fit into one PUT.
        case gathering
        /// A multipart upload has been requested, and no response has come: one of this key may be open.
        case beginning
        /// Parts are under way.
        case sending(Multipart)
        /// Requests that can make the object visible have been sent: those that complete a multipart upload, or one
        /// PUT.
        case completing(Multipart?)
        /// The object is there and right, or everything has been taken back.
        case over
    }

    /// A multipart upload that is open.
    struct Multipart {
        let id: String
        /// Whether a response to its creation was lost: another open upload of this key may be ours.
        let mayHaveStray: Bool
    }

    /// The part that is being filled.
    private struct OpenPart {
        let buffer: UnsafeMutableRawBufferPointer
        /// Bytes.
        var filled = 0
        /// Bytes that are in the checksums.
        var digested = 0

        var content: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: buffer[..<filled]) }
        /// The bytes of an incomplete block.
        var undigested: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: buffer[digested..<filled]) }
    }

    let client: S3Client
    let target: Target
    /// Distinguishes this try from others of the same key. Kept in the object's metadata under ``tryField``.
    package let nonce = randomName()
    private let plan: PartPlan
    private let queue: PartQueue
    private var threads: [Thread] = []
    private(set) var phase = Phase.gathering
    private var part: OpenPart?
    private var partNumber = 1
    private var checksums: PartedChecksums
    private var wholeMD5: [UInt8]?
    private(set) var written: UInt64 = 0
    /// Takes the bytes beyond the announced length.
    private let surplus = UnsafeMutableRawBufferPointer.allocate(byteCount: 64, alignment: 16)

    /// Sends nothing yet. Throws if S3 has no objects of that length.
    package init(_ client: S3Client, _ target: Target) throws(DriverError) {
        let plan = PartPlan(length: target.length, partSize: target.partSize, maximumParts: target.maximumParts)
        guard let plan else {
            throw Self.tooLong(client.name(of: target.object), target.length ?? 0, target)
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

    private static func tooLong(_ name: String, _ length: UInt64, _ target: Target) -> DriverError {
        let most =
            target.maximumParts < PartPlan.mostParts ? "MAX_PARTS = \(target.maximumParts) of at most 5 GiB" : "5 TiB"
        return DriverError(
            "upload", name, cause: "the image has \(length) bytes, and S3's objects at most \(most)",
            remedy: "keep it in a marketplace of another kind")
    }

    /// Its name in errors.
    package var name: String { client.name(of: target.object) }

    /// Appends bytes.
    package func write(_ bytes: UnsafeRawBufferPointer) throws {
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
    package func writeZeros(_ count: UInt64) throws {
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

    /// Returns the memory for the next bytes, never empty, for a caller that writes them there and then calls
    /// ``advance(_:)``. A full part is sent only when something follows it, so that an object that fits into one part
    /// stays one.
    package func room() throws -> UnsafeMutableRawBufferPointer {
        // A caller that looks for the end finds it here. Any byte that comes instead makes finish() fail.
        if written >= target.length ?? .max { return surplus }
        if let part, part.filled == Int(plan.size(ofPart: partNumber)) { try sendOff() }
        let part = try self.part ?? beginPart()
        let end = min(Int(plan.size(ofPart: partNumber)), part.buffer.count)
        return UnsafeMutableRawBufferPointer(rebasing: part.buffer[part.filled..<min(end, part.filled + Self.stride)])
    }

    private func beginPart() throws -> OpenPart {
        guard written < PartPlan.maximumLength, partNumber <= target.maximumParts else {
            throw Self.tooLong(name, written + 1, target)
        }
        let rest = (target.length ?? .max) - written
        let part = OpenPart(buffer: try queue.buffer(ofSize: Int(min(plan.size(ofPart: partNumber), rest))))
        self.part = part
        return part
    }

    /// Takes the `count` bytes that have been put at the beginning of ``room()``.
    package func advance(_ count: Int) {
        defer { written += UInt64(count) }
        guard var part, written < target.length ?? .max else { return }
        part.filled += count
        let end = part.filled - part.filled % PartedChecksums.blockSize
        checksums.update(UnsafeRawBufferPointer(rebasing: part.buffer[part.digested..<end]))
        part.digested = end
        self.part = part
    }

    /// Returns the MD5 of all, in hexadecimal digits. Nothing may be appended afterwards.
    package func md5() -> String { hexadecimal(finishedMD5()) }

    func finishedMD5() -> [UInt8] {
        if let wholeMD5 { return wholeMD5 }
        let result = checksums.finish(part?.undigested ?? Self.nothing)
        wholeMD5 = result
        return result
    }

    private static var nothing: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: nil, count: 0) }

    private func sendOff() throws {
        guard let part else { return }
        if case .gathering = phase { try begin() }
        let checksums = checksums.finishPart(part.undigested)
        queue.add(
            PartQueue.Filled(number: partNumber, buffer: part.buffer, count: part.filled, checksums: checksums))
        self.part = nil
        partNumber += 1
    }

    /// The fields that the object is created with.
    var creationHeaders: HTTPHeaders {
        target.headers + [
            "Content-Type": "application/octet-stream", "x-amz-meta-" + Self.tryField: nonce,
            "x-amz-meta-" + Self.ownerField: target.owner.isEmpty ? "-" : target.owner,
        ]
    }

    private func begin() throws {
        phase = .beginning
        let (id, isRepeated) = try client.createUpload(of: target.object, headers: creationHeaders)
        phase = .sending(Multipart(id: id, mayHaveStray: isRepeated))
        let tags = PartTags()
        threads = (0..<target.concurrency).map { _ in
            Thread { [client, target, queue] in Self.work(client, target, id, tags, queue) }
        }
    }

    private static func work(
        _ client: S3Client, _ target: Target, _ upload: String, _ tags: PartTags, _ queue: PartQueue
    ) {
        while let filled = queue.next() {
            do {
                let part = try client.uploadPart(
                    filled.number, of: upload, target.object,
                    body: UnsafeRawBufferPointer(rebasing: filled.buffer[..<filled.count]),
                    checksums: filled.checksums, tags: tags, goOn: { !queue.hasFailed })
                queue.finish(part)
            } catch {
                queue.fail(error)
            }
            queue.giveBack(filled.buffer)
        }
    }

    /// Sends the last part, waits for all of them, and returns them with their upload, or nil if everything fits into
    /// one PUT.
    func finishParts() throws -> (multipart: Multipart, parts: [S3Part])? {
        // If the length was not known, a part may have been begun for nothing.
        guard case .sending(let multipart) = phase else { return nil }
        if part.map({ $0.filled > 0 }) == true { try sendOff() }
        queue.close()
        joinThreads()
        return (multipart, try queue.parts())
    }

    /// Ends the only part, and returns the content of a single PUT.
    func finishOnlyPart() -> (content: UnsafeRawBufferPointer, checksums: PartedChecksums.Part) {
        (part?.content ?? Self.nothing, checksums.finishPart(part?.undigested ?? Self.nothing))
    }

    /// Called before requests that can make the object visible.
    func beginCompleting(_ multipart: Multipart?) {
        phase = .completing(multipart)
    }

    /// Takes everything back: the upload, and the object if it has come into being. Not interrupted by signals.
    package func discard() {
        let left = phase
        if case .over = left { return }
        queue.cancel()
        joinThreads()
        end()
        removeTraces(of: left)
    }

    /// The object is there and right.
    func succeed() {
        let left = phase
        end()
        if case .completing(let multipart?) = left, multipart.mayHaveStray {
            client.forCleanup.abortStrays(of: target, except: nil)
        }
    }

    private func joinThreads() {
        for thread in threads { thread.join() }
        threads = []
    }

    private func end() {
        phase = .over
        if let part { queue.giveBack(part.buffer) }
        part = nil
    }
}
