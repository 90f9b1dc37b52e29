import DriverProtocol
import HTTP
import Posix

/// Returns `source`, slowed down to the limit of the caller or of the message if it does not keep to it by itself.
/// Throws a ``DriverError`` that names an attribute with a bad value.
package func paced(_ source: any ImageSource, _ request: Request) throws(DriverError) -> any ImageSource {
    guard !source.isPaced, let rate = try HTTPOptions.bandwidthLimit(request.message, request.transfer) else {
        return source
    }
    return PacedSource(source, rate: rate)
}

/// A source that is slowed down to a rate.
final class PacedSource: ImageSource {
    private let source: any ImageSource
    private var pacer: Pacer
    /// The number of bytes that are read at a time: those of a quarter of a second.
    private let step: Int

    /// - Parameter rate: bytes a second.
    init(_ source: any ImageSource, rate: UInt64) {
        self.source = source
        pacer = Pacer(rate: rate)
        step = Int(clamping: max(rate / 4, 16 << 10))
    }

    var name: String { source.name }
    var length: UInt64? { source.length }
    var storageSize: UInt64? { source.storageSize }
    var md5: String? { source.md5 }
    var isPatched: Bool { source.isPatched }

    func willBeVerified() { source.willBeVerified() }

    func next(into buffer: UnsafeMutableRawBufferPointer) throws -> Segment {
        let segment = try source.next(into: UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(step)))
        if case .data(let count) = segment { try pacer.pause(after: count) { true } }
        return segment
    }
}
