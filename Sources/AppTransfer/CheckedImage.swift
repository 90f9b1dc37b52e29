import Datastores
import ImageTransfer

/// The way of an image's bytes into a staged one, which ends as soon as the first of them show that it cannot be used.
final class CheckedImage: ImageSink {
    /// The bytes that are looked at. The datastore, which gets them first, needs no more to find that an image is none
    /// of its business.
    private static let wanted = 4096

    private let staged: any StagedImage
    private let check: ([UInt8]) throws -> Void
    private var head: [UInt8] = []
    private var isChecked = false

    /// - Parameter check: throws if an image that begins so cannot be used.
    init(_ staged: any StagedImage, _ check: @escaping ([UInt8]) throws -> Void) {
        (self.staged, self.check) = (staged, check)
    }

    var name: String { staged.name }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        try staged.write(bytes)
        try look(at: bytes)
    }

    func skip(_ count: UInt64) throws {
        try staged.skip(count)
        try look(at: repeatElement(0, count: Int(min(count, UInt64(Self.wanted)))))
    }

    private func look(at bytes: some Collection<UInt8>) throws {
        guard !isChecked else { return }
        head += bytes.prefix(Self.wanted - head.count)
        if head.count == Self.wanted { try finish() }
    }

    /// Checks an image that ends before that.
    func finish() throws {
        guard !isChecked else { return }
        isChecked = true
        try check(head)
    }

    func publish() throws -> String { try staged.publish() }
    func discard() { staged.discard() }
}
