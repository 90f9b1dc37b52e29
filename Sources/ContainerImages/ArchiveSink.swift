import ImageTransfer

/// A sink that checks an archive while it writes it to a file.
final class ArchiveSink: ImageSink {
    private let file: FileSink
    private var scanner = TarScanner()

    /// The attributes of the archive's files.
    var attributes: ArchiveAttributes { scanner.attributes }
    /// The archive's devices.
    var devices: [[UInt8]: ArchiveDevice] { scanner.devices }

    init(_ file: FileSink) {
        self.file = file
    }

    var name: String { file.name }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        try scanner.update(bytes)
        try file.write(bytes)
    }

    func skip(_ count: UInt64) throws {
        let zeros = [UInt8](repeating: 0, count: 64 << 10)
        var rest = count
        while rest > 0 {
            let step = Int(min(rest, UInt64(zeros.count)))
            try zeros.withUnsafeBytes { try scanner.update(UnsafeRawBufferPointer(rebasing: $0[..<step])) }
            rest -= UInt64(step)
        }
        try file.skip(count)
    }

    func publish() throws -> String {
        try scanner.finish()
        return try file.publish()
    }

    func discard() {
        file.discard()
    }
}
